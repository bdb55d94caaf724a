import assert from 'node:assert/strict';
import http, { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { installProxy } from '../../../src/clients/node_preload.ts';

interface Asked {
  readonly target: string | undefined;
  readonly headers: IncomingHttpHeaders;
}
const asked: Asked[] = [];
/** Answers everything itself, and refuses tunnels. */
const proxy = createServer((request, response) => {
  asked.push({ target: request.url, headers: request.headers });
  response.end('from the proxy');
});
proxy.on('connect', (request, socket) => {
  asked.push({ target: request.url, headers: request.headers });
  socket.on('error', () => undefined);
  socket.end('HTTP/1.1 403 Forbidden\r\nproxy-status: x; details="POLICY_NO_MATCH"\r\n\r\n');
});

const before_ = { http: http.globalAgent };
const isOwn = process.allowedNodeEnvironmentFlags.has('--use-env-proxy');
const skip = isOwn ? 'SKIPPED: this Node obeys NODE_USE_ENV_PROXY by itself' : false;
const AUTHORIZATION = `Basic ${Buffer.from('bot:key').toString('base64')}`;

before(async () => {
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://bot:key@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  assert.equal(installProxy({ http_proxy: url, https_proxy: url, no_proxy: 'spared.invalid' }), !isOwn);
});
after(() => {
  http.globalAgent = before_.http;
  proxy.closeAllConnections();
  proxy.close();
});

const viaModule = (url: string, headers?: readonly string[]) =>
  new Promise<string>((resolve, reject) => {
    const options = headers === undefined ? {} : { headers: headers as unknown as http.OutgoingHttpHeaders };
    http
      .get(url, options, (answer) => {
        answer.resume();
        resolve(String(answer.statusCode));
      })
      .on('error', reject);
  });

test('fetch and http ask the proxy in absolute form, with the credential', { skip }, async () => {
  for (const ask of [
    async (url: string) => String((await fetch(url)).status),
    (url: string) => viaModule(url),
  ]) {
    asked.length = 0;
    assert.equal(await ask('http://destination.invalid:8080/a?b=c'), '200');
    assert.equal(asked[0]?.target, 'http://destination.invalid:8080/a?b=c');
    assert.equal(asked[0]?.headers['proxy-authorization'], AUTHORIZATION);
    assert.equal(asked[0]?.headers.host, 'destination.invalid:8080');
  }
});

test('https asks for a tunnel, and a refusal names its cause', { skip }, async () => {
  asked.length = 0;
  const failed = await fetch('https://destination.invalid/').catch((error: Error) => error);
  assert.ok(failed instanceof Error && failed.cause instanceof Error, 'it failed');
  assert.match(failed.cause.message, /refused CONNECT destination\.invalid:443: 403 .*POLICY_NO_MATCH/);
  assert.equal(asked[0]?.target, 'destination.invalid:443');
  assert.equal(asked[0]?.headers['proxy-authorization'], AUTHORIZATION);
});

test('exceptions are asked directly, and without the credential', { skip }, async () => {
  asked.length = 0;
  await assert.rejects(() => viaModule('http://spared.invalid/'), /ENOTFOUND|EAI_AGAIN/);
  await assert.rejects(() => fetch('http://spared.invalid/'));
  assert.deepEqual(asked, []);
});

test('a request that can no longer be rewritten fails instead of going around', { skip }, async () => {
  await assert.rejects(() => viaModule('http://destination.invalid/', ['host', 'x']), /headers as a list/);
});
