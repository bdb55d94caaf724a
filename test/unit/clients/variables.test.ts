import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_VARIABLES, clientVariables } from '../../../src/clients/variables.ts';

const SECRET = 'cgk_topsecret';
const SETTINGS = {
  proxy_url: `http://bot:${SECRET}@127.0.0.1:3128`,
  ca: { all: '/c/all.pem', own: '/c/own.pem' },
  node_preload: 'file:///p/node_preload.js',
};

test('both spellings of the proxy variables carry agent and key, and nothing goes around the proxy', () => {
  const variables = clientVariables(SETTINGS, {});
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy']) {
    assert.equal(variables[name], SETTINGS.proxy_url, name);
  }
  assert.equal(variables['NO_PROXY'], '');
  assert.equal(variables['no_proxy'], '');
  assert.equal(variables['NODE_USE_ENV_PROXY'], '1');
});

test('who replaces the trust store gets everything; who adds to it gets ours alone', () => {
  const variables = clientVariables(SETTINGS, {});
  const adds = ['NODE_EXTRA_CA_CERTS', 'DENO_CERT'];
  const replaces = [
    ...[
      'SSL_CERT_FILE',
      'REQUESTS_CA_BUNDLE',
      'CURL_CA_BUNDLE',
      'PIP_CERT',
      'GIT_SSL_CAINFO',
      'CARGO_HTTP_CAINFO',
    ],
    ...['npm_config_cafile', 'AWS_CA_BUNDLE', 'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'],
  ];
  for (const name of adds) assert.equal(variables[name], '/c/own.pem', name);
  for (const name of replaces) assert.equal(variables[name], '/c/all.pem', name);
  const named = CLIENT_VARIABLES.filter(({ carries }) => carries.startsWith('ca_')).map(({ name }) => name);
  assert.deepEqual(named.toSorted(), [...adds, ...replaces].toSorted());
});

test('without a CA no variable names one: an empty store would break every program', () => {
  const variables = clientVariables({ proxy_url: SETTINGS.proxy_url }, {});
  for (const { name, carries } of CLIENT_VARIABLES) {
    assert.equal(name in variables, !carries.startsWith('ca_') && carries !== 'node_preload', name);
  }
});

test('a JVM prints its options: they hold address and trust, never the key', () => {
  const variables = clientVariables({ ...SETTINGS, java_trust_store: '/a b/cacerts' }, {});
  const options = variables['JAVA_TOOL_OPTIONS'] ?? '';
  assert.ok(!options.includes(SECRET) && !options.includes('bot'), options);
  for (const word of ['-Dhttps.proxyHost=127.0.0.1', '-Dhttps.proxyPort=3128', '-Dhttp.nonProxyHosts=']) {
    assert.ok(options.split(' ').includes(word), word);
  }
  assert.match(options, /"-Djavax\.net\.ssl\.trustStore=\/a b\/cacerts"/);
});

test('the key stands in proxy variables and nowhere else', () => {
  const variables = clientVariables(SETTINGS, {});
  for (const { name, carries } of CLIENT_VARIABLES) {
    assert.equal(variables[name]?.includes(SECRET) ?? false, carries === 'proxy', name);
  }
});

test('options that stand in the environment are kept, and a nested run adds nothing twice', () => {
  const first = clientVariables(SETTINGS, {
    NODE_OPTIONS: '--max-old-space-size=64',
    JAVA_TOOL_OPTIONS: '-Xmx64m',
  });
  assert.equal(first['NODE_OPTIONS'], '--max-old-space-size=64 --import=file:///p/node_preload.js');
  assert.ok(first['JAVA_TOOL_OPTIONS']?.startsWith('-Xmx64m '), 'the heap limit is kept');
  assert.deepEqual(clientVariables(SETTINGS, first), first);
});
