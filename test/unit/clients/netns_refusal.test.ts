import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainRefusal, type NetnsRefusal } from '../../../src/clients/netns_refusal.ts';

const DENIED = 'unshare: unshare failed: Operation not permitted\n';
const refusal = (more: Partial<NetnsRefusal> = {}): NetnsRefusal => ({
  platform: 'linux',
  missing: [],
  said: DENIED,
  sysctl: () => undefined,
  ...more,
});
const withSwitch = (name: string, value: string) =>
  refusal({ sysctl: (asked) => (asked === name ? value : undefined) });

test('each setting of the kernel that forbids user namespaces has its own way out', () => {
  for (const [name, off, on] of [
    ['kernel.apparmor_restrict_unprivileged_userns', '1\n', '0'],
    ['kernel.unprivileged_userns_clone', '0\n', '1'],
    ['user.max_user_namespaces', '0\n', '15000'],
  ] as const) {
    const { problem, next } = explainRefusal(withSwitch(name, off));
    assert.ok(problem.includes(`${name}=${off.trim()}`), problem);
    assert.ok(next.startsWith(`sudo sysctl -w ${name}=${on}; `), next);
    assert.match(next, /sudo clawgress run --intercept/);
    const innocent = explainRefusal(withSwitch(name, `${on}\n`));
    assert.doesNotMatch(innocent.next, /sysctl/);
    assert.match(innocent.next, /seccomp/);
  }
});

test('what is missing is named with its package, and another system is told at once', () => {
  assert.deepEqual(explainRefusal(refusal({ missing: ['ip'] })), {
    problem: 'ip not found',
    next: 'apt-get install iproute2',
  });
  assert.match(explainRefusal(refusal({ missing: ['unshare', 'setpriv'] })).next, /util-linux/);
  assert.match(explainRefusal(refusal({ platform: 'darwin' })).problem, /found darwin; allowed: Linux/);
  const old = explainRefusal(refusal({ said: "unshare: unrecognized option '--keep-caps'" }));
  assert.match(old.next, /util-linux 2\.36/);
});

test('what a program said is one line of printable text', () => {
  const { problem } = explainRefusal(refusal({ said: `\u001b[31mno\u0007${'x'.repeat(500)}\nsecond` }));
  assert.match(problem, /^[ -~]{1,260}$/);
  assert.match(explainRefusal(refusal({ said: '' })).problem, /without a word/);
});
