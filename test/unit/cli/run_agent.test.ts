import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { credentialOf } from '../../../src/cli/client_env_credential.ts';
import { CliError } from '../../../src/cli/exit.ts';
import { layoutOf } from '../../../src/config/layout.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cg-run-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function layoutWith(agents: readonly object[] | undefined) {
  const layout = { ...layoutOf(dir, dir), demo_credentials: join(dir, 'credentials.json') };
  if (agents !== undefined) writeFileSync(layout.demo_credentials, JSON.stringify({ agents }));
  return layout;
}
const DEMO = [
  { agent_id: 'demo-agent', api_key: 'cgk_a', allowed_hosts: [] },
  { agent_id: 'demo-limited', api_key: 'cgk_b', allowed_hosts: [] },
];

test('the credential: a key file, then the variable, then the demo', () => {
  const layout = layoutWith(DEMO);
  const keyFile = join(dir, 'key');
  writeFileSync(keyFile, 'cgk_file\n', { mode: 0o600 });
  const of = (flags: Record<string, string>, env = {}) => credentialOf(flags, env, layout).api_key;
  assert.equal(of({ agent: 'x', keyFile }, { CLAWGRESS_KEY: 'cgk_env' }), 'cgk_file');
  assert.equal(of({ agent: 'x' }, { CLAWGRESS_KEY: 'cgk_env' }), 'cgk_env');
  assert.equal(of({ agent: 'x', credentials: keyFile }), 'cgk_file');
  const piped = credentialOf({ keyStdin: true }, {}, layout, () => 'bot:cgk_piped\n');
  assert.deepEqual(piped, { agent_id: 'bot', api_key: 'cgk_piped' });
  assert.equal(of({}), 'cgk_a');
  assert.equal(of({ agent: 'demo-limited' }), 'cgk_b');
});

test('what cannot be a credential is refused with the way out, and never shown', () => {
  const layout = layoutWith(undefined);
  const refused = (flags: Record<string, string | boolean>, env: Record<string, string>, message: RegExp) =>
    assert.throws(
      () => credentialOf(flags, env, layout, () => 'secret that is no key'),
      (error: unknown) => {
        assert.ok(error instanceof CliError && error.exitCode === 2);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret'));
        return true;
      },
    );
  const keyFile = join(dir, 'key');
  writeFileSync(keyFile, 'secret that is no key', { mode: 0o600 });
  refused({ agent: 'x', keyFile }, {}, /no credential in it/);
  refused({ agent: 'x', keyFile, keyStdin: true }, {}, /not both/);
  refused({ agent: 'x', keyStdin: true }, {}, /standard input: no credential/);
  refused({ agent: 'x', credentials: keyFile }, {}, /no credential in it/);
  chmodSync(keyFile, 0o644);
  refused({ agent: 'x', credentials: keyFile }, {}, /everybody can read/);
  refused({}, { CLAWGRESS_KEY: 'cgk_secret' }, /without its agent/);
  refused({}, {}, /no agent was named/);
  refused({ agent: 'ghost' }, {}, /'ghost' is not known/);
});
