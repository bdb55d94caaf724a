import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { PROBES, type Probe } from '../../../src/clients/probes.ts';
import { selfTest } from '../../../src/clients/self_test.ts';
import { reasonOf, withoutSecrets } from '../../../src/clients/self_test_reason.ts';

const PROXY = 'http://bot:cgk_secret@127.0.0.1:3128';

/** Prints which proxy it was given, and reaches what it is told to reach. */
function scripted(script: string): Probe {
  return {
    kind: 'curl',
    program: 'sh',
    run: () => ({ args: ['-c', script] }),
    reached: (code, out) => code === 0 && out.includes('reached'),
  };
}

function check(script: string, program?: string) {
  const probe = scripted(script);
  return selfTest(program === undefined ? probe : { ...probe, program }, {
    inherited: { PATH: process.env['PATH'] },
    variablesFor: (proxyUrl) => ({ TEST_PROXY: proxyUrl }),
    proxy_url: PROXY,
    targets: [{ scheme: 'http', url: 'http://x.example/' }],
  }).then(([finding]) => finding);
}

test('held is only what fails when the proxy refuses', async () => {
  const obedient = await check('case $TEST_PROXY in *:3128) echo reached;; *) exit 7;; esac');
  assert.equal(obedient?.status, 'held');
  const around = await check('echo reached');
  assert.equal(around?.status, 'not_covered');
  assert.match(around?.reason ?? '', /goes around the proxy/);
});

test('a client that fails says why, without the credential', async () => {
  const failing = await check('echo "error: cannot connect via $TEST_PROXY" >&2; exit 5');
  assert.equal(failing?.status, 'not_covered');
  assert.match(failing?.reason ?? '', /cannot connect via http:\/\/bot:…@/);
});

test('a client that is not there is missing, not held', async () => {
  assert.equal((await check('echo reached', 'no-such-client'))?.status, 'missing');
});

test('what clients print tells the cause', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['curl: (56) CONNECT tunnel failed, response 407', /credential/],
    ['urllib.error.URLError: <urlopen error Tunnel connection failed: 403 Forbidden>', /refused the request/],
    ['SSL: CERTIFICATE_VERIFY_FAILED unable to get local issuer certificate', /does not trust the CA/],
    ['javax.net.ssl.SSLHandshakeException: PKIX path building failed', /does not trust the CA/],
    ['javax.net.ssl.SSLHandshakeException: Received fatal alert: handshake_failure', /named by an address/],
    ['error:0A000410:SSL routines::sslv3 alert handshake failure', /named by an address/],
    ['', /no answer in time/],
  ];
  for (const [out, meaning] of cases) assert.match(reasonOf('curl', out, PROXY).reason, meaning, out);
  assert.equal(reasonOf('node', 'self-signed certificate', PROXY).next, 'clawgress run -- <command>');
  assert.equal(reasonOf('apt', 'certificate', PROXY).next, 'clawgress trust install --for system');
});

test('no form of the key is shown', () => {
  const basic = Buffer.from('bot:cgk_secret').toString('base64');
  const clean = withoutSecrets(`${PROXY} Basic ${basic} cgk_other`, PROXY);
  assert.ok(!/secret|cgk_/.test(clean) && !clean.includes(basic), clean);
});

test('Node: an answer that only one of its two clients got is not enough', async (t) => {
  const probe = PROBES.find(({ kind }) => kind === 'node');
  assert.ok(probe, 'Node has its probe');
  const server = createServer((request, response) => {
    response.statusCode = request.headers['sec-fetch-mode'] === undefined ? 500 : 200;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const [finding] = await selfTest(probe, {
    inherited: { PATH: process.env['PATH'] },
    variablesFor: () => ({}),
    proxy_url: PROXY,
    targets: [{ scheme: 'http', url }],
  });
  assert.equal(finding?.status, 'not_covered');
  assert.match(finding?.reason ?? '', /200; 500/);
});
