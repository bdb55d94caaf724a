import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { issueLeaf, newLeafKey } from '../../../src/pki/leaf.ts';
import { openSigner } from '../../../src/pki/signer.ts';
import { ownRoot } from '../../support/authority.ts';

const NOW = Date.parse('2026-11-22T10:00:00.500Z');
const HOUR = 3_600_000;

test('a leaf lives at most 24 hours, starts a little earlier, and is for one name and servers alone', async () => {
  const root = await ownRoot(NOW);
  const signer = openSigner(root);
  const leaf = issueLeaf(signer, newLeafKey(), { host: 'api.example.com', isAddress: false }, NOW);
  const read = new X509Certificate(leaf.cert_chain_pem);
  const [from, to] = [Date.parse(read.validFrom), Date.parse(read.validTo)];
  assert.ok(to - from < 24 * HOUR && to - from > 23 * HOUR, `${to - from} ms`);
  assert.ok(from < NOW && NOW - from <= HOUR, 'back-dated a little');
  assert.equal(leaf.expires_ms, to);
  assert.equal(read.subjectAltName, 'DNS:api.example.com');
  assert.equal(read.ca, false);
  assert.deepEqual(read.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  assert.ok(read.verify(new X509Certificate(root.chainPem).publicKey), 'signed by the root');
  assert.ok(read.checkPrivateKey(createPrivateKey(leaf.private_key_pem)), 'its own key');
  assert.equal(leaf.cert_chain_pem.match(/BEGIN/g)?.length, 1, 'the root itself is not sent');
});

test('a leaf never outlives its authority', async () => {
  const root = await ownRoot(NOW);
  const end = Date.parse(new X509Certificate(root.chainPem).validTo);
  const signer = openSigner(root);
  const leaf = issueLeaf(signer, newLeafKey(), { host: 'a.example', isAddress: false }, end - HOUR);
  assert.equal(leaf.expires_ms, end);
  assert.equal(Date.parse(new X509Certificate(leaf.cert_chain_pem).validTo), end);
});

test('serials are 128 random bits: positive, and none comes twice', async () => {
  const signer = openSigner(await ownRoot(NOW));
  const keys = newLeafKey();
  const serials = new Set<string>();
  for (let n = 0; n < 50; n++) {
    const { cert_chain_pem } = issueLeaf(signer, keys, { host: 'a.example', isAddress: false }, NOW);
    const { serialNumber } = new X509Certificate(cert_chain_pem);
    assert.match(serialNumber, /^[0-9A-F]{24,32}$/);
    serials.add(serialNumber);
  }
  assert.equal(serials.size, 50);
});

test('any canonical name or address is the one alternative name', async () => {
  const signer = openSigner(await ownRoot(NOW));
  const keys = newLeafKey();
  const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,20}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,20}[a-z0-9])?){0,5}$/);
  fc.assert(
    fc.property(name, (host) => {
      const leaf = issueLeaf(signer, keys, { host, isAddress: false }, NOW);
      assert.equal(new X509Certificate(leaf.cert_chain_pem).subjectAltName, `DNS:${host}`);
    }),
    { numRuns: 30 },
  );
  for (const host of ['192.0.2.7', '2001:db8::7']) {
    const leaf = issueLeaf(signer, keys, { host, isAddress: true }, NOW);
    assert.equal(new X509Certificate(leaf.cert_chain_pem).checkIP(host), host);
  }
});
