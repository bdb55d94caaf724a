import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';
import { decodeCheck } from '../../../src/server/codec/check_request.ts';
import { bytesOfHeader, type CheckFacts, checkRequest } from '../../unit/server/official.ts';
import type { Boundary } from '../boundary.ts';

const DESCRIPTOR = join(import.meta.dirname, '../../vectors/envoy-descriptor/envoy-1.40.0.binpb');
const PLACE = { address: '203.0.113.9', port: 80 };
const GET = [
  [':authority', 'api.example'],
  [':path', '/v1'],
  [':method', 'GET'],
  [':scheme', 'http'],
  ['x-request-id', 'r1'],
];
const FACTS = [
  ['x-cg-source-identity', 'uid:2001'],
  ['x-cg-transport', 'loopback'],
  ['x-cg-carries', 'tls'],
];
const CONNECT = [[':authority', 'api.example:80'], [':method', 'CONNECT'], ['x-request-id', 'r1'], ...FACTS];

interface Official {
  readonly source?: { readonly address?: { readonly socket_address?: Socket } };
  readonly destination?: { readonly address?: { readonly socket_address?: Socket } };
  readonly context_extensions?: Readonly<Record<string, string>>;
  readonly request?: {
    readonly http?: { readonly header_map?: { readonly headers?: readonly WireHeader[] } };
  };
}
interface Socket {
  readonly address?: string;
  readonly port_value?: number;
}
interface WireHeader {
  readonly key?: string;
  readonly value?: string;
  readonly raw_value?: Uint8Array;
}

/**
 * What a Check says about the listener that it came from. Judge: Envoy's own definitions, read by another decoder: who
 * connects, and where to, is what the constants of the listener say, or its headers where those say `inner`, and nowhere
 * else.
 */
export function listener(): Boundary {
  const root = protobuf.Root.fromDescriptor(new Uint8Array(readFileSync(DESCRIPTOR)), { keepCase: true });
  const CheckRequest = root.lookupType('envoy.service.auth.v3.CheckRequest');
  const officialOf = (input: Uint8Array): Official | undefined => {
    try {
      return CheckRequest.toObject(CheckRequest.decode(input), { bytes: Buffer })['attributes'];
    } catch {
      return undefined;
    }
  };
  const of = (extensions: Record<string, string>, headers: readonly string[][], more: CheckFacts = {}) =>
    checkRequest({
      ...{ mode: 'transparent', address: '10.92.0.7', destination: PLACE, sni: '', extensions, ...more },
      headers: headers.map(([name = '', value = '']) => bytesOfHeader(name, value)),
    });
  return {
    name: 'listener',
    corpus: [
      of({ source_identity: 'uid:2001' }, GET),
      of({ source_identity: 'address' }, GET),
      of({ source_identity: 'none' }, [...GET, ...FACTS]),
      of({ inner: 'true' }, CONNECT),
      of({ inner: 'true' }, [...CONNECT, ...FACTS]),
      of({ inner: 'true' }, [...GET, ...FACTS], { mode: 'explicit' }),
      of({ inner: 'false', source_identity: 'uid:1' }, [...GET, ...FACTS]),
    ],
    check(input) {
      const decoded = decodeCheck(input);
      if (!decoded.ok) return false;
      const official = officialOf(input);
      // Only the other decoder looks into members that we leave out, and finds fault with them.
      if (official === undefined) return true;
      const { raw, identity, transport } = decoded.value;
      const extensions = official.context_extensions ?? {};
      assert.equal(raw.mode, extensions['mode']);
      if (raw.mode !== 'transparent') {
        assert.deepEqual([identity, raw.transparent], [undefined, undefined]);
        return true;
      }
      const said = (fact: string) =>
        extensions['inner'] === 'true'
          ? only(official, `x-cg-${fact.replace('_', '-')}`)
          : (extensions[fact] ?? (fact === 'carries' ? 'http' : undefined));
      assert.deepEqual(
        [transport, raw.transparent?.carries],
        [said('transport'), extensions['inner'] === 'true' ? said('carries') : 'http'],
      );
      const place = official.destination?.address?.socket_address;
      assert.deepEqual(raw.transparent?.original, { address: place?.address, port: place?.port_value ?? 0 });
      const from = official.source?.address?.socket_address?.address;
      const named =
        identity === undefined ? 'none' : identity.kind === 'uid' ? `uid:${identity.uid}` : 'address';
      assert.equal(named, said('source_identity'));
      if (identity?.kind === 'address') assert.equal(identity.address, from);
      return true;
    },
  };
}

function only(official: Official, name: string): string | undefined {
  const found = (official.request?.http?.header_map?.headers ?? []).filter(
    ({ key }) => (key ?? '').toLowerCase() === name,
  );
  assert.equal(found.length, 1, `${name} stands there ${found.length} times`);
  const [one] = found;
  return one?.raw_value === undefined || one.raw_value.length === 0
    ? one?.value
    : Buffer.from(one.raw_value).toString('latin1');
}
