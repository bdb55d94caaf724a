import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { policyExplain, policyLint, policyTest } from '../../../src/cli/policy.ts';
import type { PolicyIo } from '../../../src/cli/policy_files.ts';

const GOOD = `schema: clawgress/policy/v1
id: shop
rules:
  - id: reads
    action: allow
    match: { agent: { team_id: [demo] }, destination: { hosts: [api.example.com] }, methods: [GET] }
  - { id: elsewhere, action: allow, match: { destination: { hosts: [b.example] } } }
limits:
  - { id: slow, per: agent, rps: 5 }
tests:
  - name: nobody writes
    request: { agent: { team_id: demo }, method: POST, url: "https://api.example.com/" }
    expect: { verdict: deny }
`;
const STREAMS = `schema: clawgress/policy/v1
id: streams
rules:
  - id: live
    action: allow
    match: { destination: { hosts: [b.example] }, protocol: { kind: websocket } }
    stream: { max_bytes: 9 }
    frames: observe
  - { id: keyed, action: allow, match: { agent: { auth_type: [api_key] }, destination: { hosts: [c.example] } } }
`;
const WARNED = GOOD.replace('tests:', '  - { id: slower, per: agent, rps: 4 }\ntests:');
const FILES: Readonly<Record<string, string>> = {
  'good.yaml': GOOD,
  'streams.yaml': STREAMS,
  'warned.yaml': WARNED,
  'bad.yaml': GOOD.replace('action: allow', 'action: alow'),
  'failing.yaml': GOOD.replace('verdict: deny', 'verdict: allow'),
  'untested.yaml': GOOD.slice(0, GOOD.indexOf('tests:')),
};

function run<T>(command: (args: T, io: PolicyIo) => number, args: T) {
  const said = { out: '', err: '' };
  const code = command(args, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    readFile: (path) => {
      const text = FILES[path];
      if (text === undefined) throw new Error('no such file');
      return text;
    },
    listFolder: () => Object.keys(FILES),
    nowMs: () => Date.parse('2026-06-01T00:00:00Z'),
  });
  return { code, ...said };
}

const explainArgs = {
  file: 'good.yaml',
  json: false,
  all: false,
  agent: { agent_id: 'a1', team_id: 'demo' },
  request: { url: 'https://api.example.com/v1' },
};

describe('policy lint', () => {
  it('exits 0 on warnings, 1 on errors, 3 without a file', () => {
    assert.deepEqual(run(policyLint, { file: 'good.yaml', json: false }), {
      code: 0,
      out: 'good.yaml: 0 errors, 0 warnings\n',
      err: '',
    });
    const warned = run(policyLint, { file: 'warned.yaml', json: false });
    assert.equal(warned.code, 0);
    assert.match(
      warned.out,
      /^warned\.yaml:10:5: warning LIMIT_CONTRADICTORY at \/limits\/1: .*\n.*0 errors, 1 warning\n$/,
    );
    const bad = run(policyLint, { file: 'bad.yaml', json: false });
    assert.equal(bad.code, 1);
    assert.match(
      bad.out,
      /^bad\.yaml:5:13: error VALUE_NOT_ALLOWED .*did you mean "allow"\?\)\nbad\.yaml: 1 error, 0 warnings\n$/,
    );
    assert.deepEqual(run(policyLint, { file: 'none.yaml', json: false }), {
      code: 3,
      out: '',
      err: 'cannot read none.yaml: no such file\n',
    });
  });
  it('prints JSON', () => {
    const bad = JSON.parse(run(policyLint, { file: 'bad.yaml', json: true }).out);
    assert.equal(bad.ok, false);
    assert.equal(bad.problems[0].line, 5);
    const good = JSON.parse(run(policyLint, { file: 'good.yaml', json: true }).out);
    assert.deepEqual([good.ok, good.policy_id, good.problems], [true, 'shop', []]);
  });
});

describe('policy test', () => {
  it('lists the tests that pass', () => {
    assert.deepEqual(run(policyTest, { file: 'good.yaml', json: false }), {
      code: 0,
      out: 'ok  nobody writes\n1 test passed\n',
      err: '',
    });
    assert.equal(run(policyTest, { file: 'untested.yaml', json: false }).out, 'the document has no tests\n');
    assert.deepEqual(JSON.parse(run(policyTest, { file: 'good.yaml', json: true }).out).passed, [
      'nobody writes',
    ]);
  });
  it('exits 1 when one fails', () => {
    const failing = run(policyTest, { file: 'failing.yaml', json: false });
    assert.equal(failing.code, 1);
    assert.match(
      failing.err,
      /TEST_FAILED at \/tests\/0: the test "nobody writes" expects allow, the policy says deny/,
    );
    assert.equal(run(policyTest, { file: 'failing.yaml', json: true }).code, 1);
  });
});

describe('policy explain', () => {
  it('tells an allow with its limits', () => {
    const { code, out } = run(policyExplain, explainArgs);
    assert.equal(code, 0);
    assert.match(
      out,
      /^allow POLICY_ALLOW by rule reads {2}\(policy shop, sha256:[0-9a-f]{12}…\)\n {2}GET https:\/\/api\.example\.com:443\/v1\n/,
    );
    assert.match(out, /rule reads \(allow\) allows\n {2}yes {5}agent\n/);
    assert.match(out, /slow\/rps: at most 5 at once, then one each 200 ms \(hard_stop\)/);
    assert.match(out, /1 rule for other agents or hosts not shown/);
    assert.doesNotMatch(out, /elsewhere/);
  });
  it('tells on which predicate a rule fails, and what to do', () => {
    const { code, out } = run(policyExplain, {
      ...explainArgs,
      request: { method: 'POST', url: 'https://api.example.com/' },
    });
    assert.equal(code, 1);
    assert.match(out, /^deny POLICY_NO_MATCH/);
    assert.match(out, /next: add an allow rule/);
    assert.match(out, / {2}no {6}methods\n/);
    assert.doesNotMatch(out, /limits/);
  });
  it('shows every rule with --all', () => {
    assert.match(
      run(policyExplain, { ...explainArgs, all: true }).out,
      /rule elsewhere \(allow\) does not match\n {2}no {6}destination\.hosts/,
    );
  });
  it('explains tunnels', () => {
    const { code, out } = run(policyExplain, { ...explainArgs, request: { connect: 'api.example.com:443' } });
    assert.equal(code, 1);
    assert.match(out, /^deny TUNNEL_OPAQUE by rule reads/);
    assert.match(out, /CONNECT api\.example\.com:443\n/);
    assert.match(out, / {2}unknown {1}methods/);
  });
  it('explains WebSockets, calls, and what the kernel brings', () => {
    const url = 'https://b.example/live';
    const explained = (parts: object) =>
      run(policyExplain, { ...explainArgs, file: 'streams.yaml', ...parts });
    const socket = explained({ request: { url, protocol: 'websocket' } });
    assert.match(socket.out, /^allow POLICY_ALLOW by rule live \(stream: max_bytes 9, frames observe\)/);
    assert.match(socket.out, /GET https:\/\/b\.example:443\/live {2}\(websocket\)\n/);
    const call = explained({ request: { url, protocol: 'grpc' } });
    assert.match(call.out, /^deny POLICY_NO_MATCH/);
    assert.match(call.out, /POST https:\/\/b\.example:443\/live {2}\(grpc\)\n/);
    const dialled = { url: 'http://c.example/', transparent: '198.18.0.7:80' };
    const plain = explained({ request: { ...dialled, protocol: 'websocket' } });
    assert.match(plain.out, /^deny UPGRADE_NOT_ALLOWED by rule keyed/);
    assert.match(
      plain.out,
      /\(transparent, dialled 198\.18\.0\.7:80\)\n {2}next: add an allow rule with protocol/,
    );
    assert.equal(explained({ request: dialled }).code, 0);
    const agent = { agent_id: 'a1', auth_type: 'source' as const };
    assert.match(explained({ agent, request: dialled }).out, /^deny POLICY_NO_MATCH/);
    const elsewhere = { ...dialled, transparent: '198.18.0.7:81' };
    assert.match(explained({ request: elsewhere }).out, /^deny ORIGINAL_PORT_MISMATCH/);
  });
  it('knows override headers in any case', () => {
    const request = { url: 'https://api.example.com/', headers: ['X-HTTP-Method-Override'] };
    assert.match(run(policyExplain, { ...explainArgs, request }).out, /^deny OVERRIDE_HEADER by rule reads/);
  });
  it('prints JSON', () => {
    const told = JSON.parse(run(policyExplain, { ...explainArgs, json: true }).out);
    assert.equal(told.outcome.rule_id, 'reads');
    assert.equal(told.rules.length, 2);
  });
  it('refuses a wrong question with 2', () => {
    for (const wrong of [
      { request: {} },
      { request: { url: 'ftp://a.example/' } },
      { request: { url: 'http://a.example/', connect: 'a.example:443' } },
      { agent: { agent_id: 'Upper' } },
      { agent: { auth_type: 'password' as 'jwt' } },
      { request: { url: 'http://a.example/', transparent: 'a.example:80' } },
      { request: { url: 'http://a.example/', transparent: '198.18.0.7' } },
      { request: { connect: 'a.example:443', protocol: 'grpc' as const } },
      { file: 'bad.yaml' },
    ]) {
      const { code, err } = run(policyExplain, { ...explainArgs, ...wrong });
      assert.equal(code, 2);
      assert.notEqual(err, '');
    }
  });
  it('says when a request is not even judged', () => {
    const { code, out } = run(policyExplain, { ...explainArgs, request: { url: 'http://0177.0.0.1/' } });
    assert.equal(code, 1);
    assert.match(out, /^deny HOST_NUMERIC/);
  });
});
