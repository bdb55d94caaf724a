import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';
import { decodeAsk, encodeRemoval, encodeSecret, versionOf } from '../../../../src/server/sds/codec.ts';

const fixture = new URL('../../../vectors/envoy-descriptor/envoy-1.40.0.binpb', import.meta.url);
/** Envoy's own definitions: the other side of the wire. */
const root = protobuf.Root.fromDescriptor(new Uint8Array(readFileSync(fixture)), { keepCase: true });
const Request = root.lookupType('envoy.service.discovery.v3.DeltaDiscoveryRequest');
const Response = root.lookupType('envoy.service.discovery.v3.DeltaDiscoveryResponse');
const Secret = root.lookupType('envoy.extensions.transport_sockets.tls.v3.Secret');
const TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

const ask = (facts: object) => decodeAsk(Request.encode(Request.fromObject(facts)).finish());

test('a request of Envoy is read, members that we leave out included', () => {
  const read = ask({
    node: { id: 'envoy-1', cluster: 'clawgress', user_agent_name: 'envoy' },
    type_url: TYPE,
    resource_names_subscribe: ['a.example'],
    resource_names_unsubscribe: ['b.example'],
    initial_resource_versions: { 'a.example': 'v1' },
    error_detail: { code: 3, message: 'no' },
  });
  assert.deepEqual(read, {
    ok: true,
    value: {
      node: 'envoy-1',
      subscribe: ['a.example'],
      unsubscribe: ['b.example'],
      held: { 'a.example': 'v1' },
      rejected: true,
    },
  });
});

test('other resources and junk are not about secrets', () => {
  assert.equal(ask({ type_url: 'type.googleapis.com/envoy.config.cluster.v3.Cluster' }).ok, false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.equal(typeof decodeAsk(bytes).ok, 'boolean');
    }),
  );
});

test('Envoy reads the secret that was meant, and the names that are gone', () => {
  const leaf = { cert_chain_pem: 'CHAIN', private_key_pem: 'KEY', expires_ms: 1 };
  const version = versionOf(leaf);
  const answer = Response.toObject(Response.decode(encodeSecret('A.example', version, leaf, '7')), {
    bytes: Buffer,
  });
  assert.deepEqual([answer['nonce'], answer['type_url']], ['7', TYPE]);
  const [resource] = answer['resources'] as {
    name: string;
    version: string;
    resource: { type_url: string; value: Buffer };
  }[];
  assert.deepEqual(
    [resource?.name, resource?.version, resource?.resource.type_url],
    ['A.example', version, TYPE],
  );
  const secret = Secret.toObject(Secret.decode(resource?.resource.value ?? Buffer.alloc(0)), {
    bytes: Buffer,
  });
  assert.deepEqual(secret, {
    name: 'A.example',
    tls_certificate: {
      certificate_chain: { inline_bytes: Buffer.from('CHAIN') },
      private_key: { inline_bytes: Buffer.from('KEY') },
    },
  });
  const removal = Response.toObject(Response.decode(encodeRemoval(['x', 'y'], '8')));
  assert.deepEqual([removal['removed_resources'], removal['resources']], [['x', 'y'], undefined]);
});

test('the version follows the certificate', () => {
  const leaf = { cert_chain_pem: 'one', private_key_pem: 'KEY', expires_ms: 1 };
  assert.equal(versionOf(leaf), versionOf({ ...leaf, expires_ms: 2 }));
  assert.notEqual(versionOf(leaf), versionOf({ ...leaf, cert_chain_pem: 'two' }));
});
