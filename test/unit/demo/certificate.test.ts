import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { issueDemoCertificates } from '../../../src/demo/certificate.ts';

const NOW = new Date('2026-03-01T12:00:00Z');

test('the leaf chains to the CA, names the address and the host, and lasts a year', async () => {
  const issued = await issueDemoCertificates('127.83.17.5', 'demo.localhost', NOW);
  const ca = new X509Certificate(issued.caPem);
  const leaf = new X509Certificate(issued.leafPem);
  assert.equal(ca.ca, true);
  assert.equal(leaf.ca, false);
  assert.ok(ca.verify(ca.publicKey));
  assert.ok(leaf.verify(ca.publicKey));
  assert.ok(leaf.checkIssued(ca));
  assert.ok(leaf.checkPrivateKey(createPrivateKey(issued.leafKeyPem)));
  assert.equal(leaf.checkIP('127.83.17.5'), '127.83.17.5');
  assert.equal(leaf.checkIP('127.83.17.6'), undefined);
  assert.equal(leaf.checkHost('demo.localhost'), 'demo.localhost');
  assert.equal(leaf.checkHost('other.localhost'), undefined);
  assert.equal(new Date(leaf.validTo).toISOString(), '2027-03-01T12:00:00.000Z');
  assert.ok(new Date(leaf.validFrom) < NOW);
});

test('two issues share neither serial number nor CA', async () => {
  const one = await issueDemoCertificates('127.83.17.5', 'demo.localhost', NOW);
  const two = await issueDemoCertificates('127.83.17.5', 'demo.localhost', NOW);
  const leaf = new X509Certificate(one.leafPem);
  assert.notEqual(leaf.serialNumber, new X509Certificate(two.leafPem).serialNumber);
  assert.equal(leaf.verify(new X509Certificate(two.caPem).publicKey), false);
});
