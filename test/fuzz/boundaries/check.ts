import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';
import { createApiKey } from '../../../src/authn/api_key.ts';
import { openIdentity } from '../../../src/authn/identity.ts';
import { compilePolicy } from '../../../src/core/policy/compile.ts';
import { createCheck } from '../../../src/server/check.ts';
import { agentOf, basic, keyEntry, NOW_MS, registryBytes, SILENT } from '../../unit/authn/fixtures.ts';
import { bench, STAMP } from '../../unit/server/fakes.ts';
import { bytesOfHeader, checkRequest, readResponse } from '../../unit/server/official.ts';
import type { Boundary } from '../boundary.ts';

const DESCRIPTOR = join(import.meta.dirname, '../../vectors/envoy-descriptor/envoy-1.40.0.binpb');
const POLICY = `schema: clawgress/policy/v1
id: p
rules:
  - {id: r, match: {destination: {hosts: [api.example]}, methods: [GET], path_prefixes: [/v1]}, action: allow}
`;

/**
 * A whole Check, bytes to bytes. Judge: Envoy's own definitions, read by another decoder: an answer that carries the
 * stamp belongs to a message with one credential, the right one, for the one host, method and path that the rule names.
 */
export function check(): Boundary {
  const root = protobuf.Root.fromDescriptor(new Uint8Array(readFileSync(DESCRIPTOR)), { keepCase: true });
  const Official = root.lookupType('envoy.service.auth.v3.CheckRequest');
  const key = createApiKey();
  const identity = openIdentity({ jwt_issuers: [], log: SILENT, now: () => NOW_MS });
  const registry = identity.compileRegistry(registryBytes(agentOf('bot', { api_keys: [keyEntry(key)] })));
  const policy = compilePolicy({ file: 'p.yaml', text: POLICY });
  assert.ok(registry.ok && policy.ok);
  const { authenticate, resume, registry_hash } = registry.value;
  const { policy: plan } = policy.value;
  const setup = bench(() => ({ policy: plan, registry_hash, authenticate, resume }));
  const answer = createCheck(setup.deps);
  const request = (path: string, more: readonly (readonly [string, string])[] = []) =>
    checkRequest({
      headers: [
        [':authority', 'api.example'],
        [':path', path],
        [':method', 'GET'],
        [':scheme', 'http'],
        ['x-request-id', '4f9a3d1e-0000-4000-8000-000000000001'],
        ...more,
      ].map(([name = '', value = '']) => bytesOfHeader(name, value)),
    });
  const credential = ['proxy-authorization', basic('bot', key)] as const;

  const officialOf = (input: Uint8Array) => {
    try {
      return Official.toObject(Official.decode(input), { bytes: Buffer });
    } catch {
      return undefined;
    }
  };
  const assertEarned = (input: Uint8Array): void => {
    const message = officialOf(input)?.['attributes'];
    // Only the other decoder looks into members that we leave out, and finds fault with them.
    if (message === undefined) return;
    const headers: readonly { key?: string; raw_value?: Uint8Array; value?: string }[] =
      message.request.http.header_map.headers;
    const valuesOf = (name: string) =>
      headers
        .filter((header) => (header.key ?? '').toLowerCase() === name)
        .map(({ raw_value, value }) =>
          raw_value === undefined ? (value ?? '') : Buffer.from(raw_value).toString('latin1'),
        );
    assert.deepEqual(valuesOf(':method'), ['GET']);
    assert.match(valuesOf(':authority').join(), /^api\.example(:\d+)?$/i);
    assert.match(valuesOf(':path').join(), /^\/v1([/?]|$)/);
    const [said = '', ...more] = valuesOf('proxy-authorization');
    assert.equal(more.length, 0);
    assert.ok(
      Buffer.from(said.split(/ +/)[1] ?? '', 'base64')
        .toString()
        .endsWith(`:${key}`) || said.endsWith(key),
    );
  };
  return {
    name: 'check',
    corpus: [
      request('/v1/items', [credential]),
      request('/v2', [credential]),
      request('/v1?x=1', [credential, ['accept', '*/*']]),
      request('/v1'),
      checkRequest(),
    ],
    async check(input) {
      setup.recorder.proposals.length = 0;
      setup.errors.length = 0;
      const response = readResponse(await answer(input, { node: 'envoy-1', epoch: 'e1' }));
      assert.ok(!JSON.stringify(setup.recorder.proposals).includes(key), 'a proposal holds the key');
      const stamped = response.dynamic_metadata?.fields['stamp']?.string_value === STAMP;
      if (!stamped) {
        assert.ok(
          response.denied_response !== undefined && response.denied_response !== null,
          'neither stamp nor denial',
        );
        return false;
      }
      assertEarned(input);
      return true;
    },
    async close() {
      identity.stop();
    },
  };
}
