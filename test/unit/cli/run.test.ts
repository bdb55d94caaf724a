import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CliError } from '../../../src/cli/exit.ts';
import { agentVariables, credentialOf } from '../../../src/cli/run.ts';
import { layoutOf } from '../../../src/config/layout.ts';

const ENDPOINTS = {
  explicit_proxy: 'http://127.0.0.1:3128',
  base_url: 'http://127.0.0.1:8088',
  metrics: 'http://127.0.0.1:9464/metrics',
  state_dir: '/s',
  journal_dir: '/s/journal',
  public_keys: '/s/run/public-keys.json',
  ca_bundle: '/nonexistent',
};
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

test('both spellings of the proxy variables carry agent and key, and nothing goes around the proxy', () => {
  const variables = agentVariables(ENDPOINTS, { agent_id: 'bot', api_key: 'cgk_x' });
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']) {
    assert.equal(variables[name], 'http://bot:cgk_x@127.0.0.1:3128', name);
  }
  assert.equal(variables['NO_PROXY'], '');
  assert.equal(variables['no_proxy'], '');
  assert.equal(variables['NODE_USE_ENV_PROXY'], '1');
  assert.equal(variables['DEMO_UPSTREAM'], undefined);
});

test('the CA bundle is named to clients only when it is there', () => {
  const bundle = join(dir, 'bundle.pem');
  assert.equal(agentVariables(ENDPOINTS, { agent_id: 'b', api_key: 'c' })['SSL_CERT_FILE'], undefined);
  writeFileSync(bundle, '');
  const variables = agentVariables({ ...ENDPOINTS, ca_bundle: bundle }, { agent_id: 'b', api_key: 'c' });
  const names = [
    'SSL_CERT_FILE',
    'REQUESTS_CA_BUNDLE',
    'NODE_EXTRA_CA_CERTS',
    'CURL_CA_BUNDLE',
    'GIT_SSL_CAINFO',
    'PIP_CERT',
  ];
  for (const name of names) assert.equal(variables[name], bundle, name);
});

test('the credential: a key file, then the variable, then the demo', () => {
  const layout = layoutWith(DEMO);
  const keyFile = join(dir, 'key');
  writeFileSync(keyFile, 'cgk_file\n');
  const of = (flags: Record<string, string>, env = {}) => credentialOf(flags, env, layout).api_key;
  assert.equal(of({ agent: 'x', keyFile }, { CLAWGRESS_KEY: 'cgk_env' }), 'cgk_file');
  assert.equal(of({ agent: 'x' }, { CLAWGRESS_KEY: 'cgk_env' }), 'cgk_env');
  assert.equal(of({}), 'cgk_a');
  assert.equal(of({ agent: 'demo-limited' }), 'cgk_b');
});

test('what cannot be a credential is refused with the way out, and never shown', () => {
  const layout = layoutWith(undefined);
  const refused = (flags: Record<string, string>, env: Record<string, string>, message: RegExp) =>
    assert.throws(
      () => credentialOf(flags, env, layout),
      (error: unknown) => {
        assert.ok(error instanceof CliError && error.exitCode === 2);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret'));
        return true;
      },
    );
  const keyFile = join(dir, 'key');
  writeFileSync(keyFile, 'secret that is no key');
  refused({ agent: 'x', keyFile }, {}, /does not hold an API key/);
  refused({}, { CLAWGRESS_KEY: 'cgk_secret' }, /without its agent/);
  refused({}, {}, /no agent was named/);
  refused({ agent: 'ghost' }, {}, /'ghost' is not known/);
});
