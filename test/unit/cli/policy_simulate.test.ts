import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicyIo } from '../../../src/cli/policy_files.ts';
import { policySimulate } from '../../../src/cli/policy_simulate.ts';
import { emptyReport } from '../../../src/cli/policy_simulate_report.ts';
import { simulationText } from '../../../src/cli/policy_simulate_text.ts';
import { compiled, documentOf, principalOf, requestOf } from '../core/policy/sample.ts';
import { TestRecorder } from '../core/verdict/recorded.ts';

const open = { id: 'open', action: 'allow' as const, match: { destination: { any_host: true as const } } };
const live = compiled(documentOf({ rules: [open] })).policy;
const base = documentOf({
  id: 'base',
  rules: [{ id: 'no-b', action: 'deny', match: { path_prefixes: ['/b'] } }],
});
const FILES: Readonly<Record<string, string>> = {
  'p/same.json': JSON.stringify(documentOf({ rules: [open] })),
  'p/child.json': JSON.stringify(documentOf({ rules: [open], inherits: ['base'] })),
  'p/base.json': JSON.stringify(base),
  'p/bad.json': '{"schema": "clawgress/policy/v1", "id": "bad"}',
};

const recorder = new TestRecorder();
for (const path of ['/a', '/b', '/b/c', '/a'])
  recorder.record(live, {
    request: requestOf({ url: `https://api.example.com${path}` }),
    who: principalOf(),
    atMs: 1,
  });

function simulate(file: string, since = 0, json = false) {
  const said = { out: '', err: '' };
  const io: PolicyIo = {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    readFile: (path) => FILES[path] ?? assert.fail(path),
    listFolder: () => Object.keys(FILES).map((path) => path.slice(2)),
    nowMs: () => 0,
  };
  const log = { records: () => recorder.records, policy: () => live };
  return { code: policySimulate({ file, json }, log, ({ seq }) => seq >= since, io), ...said };
}

describe('policy simulate', () => {
  it('exits 0 without a difference and 2 when the candidate does not compile', () => {
    assert.equal(simulate('p/same.json').code, 0);
    const bad = simulate('p/bad.json');
    assert.equal(bad.code, 2);
    assert.match(bad.err, /MISSING_KEY/);
  });

  it('groups what differs, with the parent that decided, and exits 1', () => {
    const { code, out } = simulate('p/child.json');
    assert.equal(code, 1);
    assert.match(out, /4 recorded decisions/);
    assert.match(out, /2 the same, 2 different, 0 not replayable/);
    assert.match(out, /^2 {2}allow POLICY_ALLOW by open -> deny POLICY_DENY by base\/no-b$/m);
    assert.match(out, /seq 1 .*a1 {2}GET https:\/\/api\.example\.com:443\/b$/m);
  });

  it('counts from a record on, as JSON too', () => {
    const { out } = simulate('p/child.json', 2, true);
    const { decisions, different, groups } = JSON.parse(out);
    assert.deepEqual([decisions, different, groups.length, groups[0].count], [2, 1, 1, 1]);
  });

  it('says what is asked of the answer where nothing else differs', () => {
    const report = emptyReport({ file: 'c.yaml', policy_id: 'c', policy_hash: 'sha256:00' });
    const response = { inspect: 'auto', max_bytes: 9, on_violation: 'block' } as const;
    const recorded = { verdict: 'allow', reason: 'POLICY_ALLOW', rule_id: 'models' } as const;
    const candidate = { ...recorded, response };
    report.groups.set('models', { recorded, candidate, count: 1, examples: [] });
    const said = 'allow POLICY_ALLOW by models';
    const asked = '{"inspect":"auto","max_bytes":9,"on_violation":"block"}';
    assert.ok(
      simulationText(report).includes(`${said} (answer: -) -> ${said} (answer: ${asked})`),
      simulationText(report),
    );
  });

  it('says when there is nothing to judge', () => {
    assert.throws(() => simulate('p/same.json', 99), /no recorded decisions/);
  });
});
