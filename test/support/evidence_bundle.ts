import { createHash, createPublicKey, verify } from 'node:crypto';
import { assembleBundle, type BundleInput } from '../../src/core/bundle/assemble.ts';
import type { Member } from '../../src/core/bundle/member.ts';
import { parseTrustFile, type TrustFile } from '../../src/core/bundle/trust_file.ts';
import { writeZip } from '../../src/core/bundle/zip_write.ts';
import type { VerifyCrypto } from '../../src/core/verify/crypto.ts';
import type { TestKey } from './evidence_keys.ts';
import { canonical, type EvidenceLog, leafOf, pae } from './evidence_log.ts';

const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export const nodeCrypto: VerifyCrypto = {
  sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  verifyEd25519: (raw, message, signature) => {
    const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, raw]), format: 'der', type: 'spki' });
    return verify(null, message, key, signature);
  },
  verifyP256: (spkiDer, message, signature) => {
    const key = createPublicKey({ key: Buffer.from(spkiDer), format: 'der', type: 'spki' });
    return verify('sha256', message, key, signature);
  },
};

export function trustOf(log: EvidenceLog, text = log.trustFile()): TrustFile {
  const trust = parseTrustFile(nodeCrypto.sha256, Buffer.from(text));
  if (!trust.ok) throw new Error(JSON.stringify(trust.problem));
  return trust.value;
}

/** The members of a log's bundle; `since` makes it a range. */
export function membersOf(
  log: EvidenceLog,
  change: Partial<BundleInput> & { since?: number } = {},
): Member[] {
  const { since = 0, ...over } = change;
  const earlier = log.lines.slice(0, since);
  const before = {
    leaves: earlier.map((line) => new Uint8Array(leafOf(line))),
    delegations: earlier.filter((line) => /"(genesis|key_delegation)"/.test(bodyTextOf(line))),
  };
  const members = assembleBundle({
    sha256: nodeCrypto.sha256,
    journal: log.lines.slice(since),
    checkpoint: log.checkpoint(),
    ...(since > 0 ? { before } : {}),
    policies: [Buffer.from(log.policy)],
    keys: log.trustFile(),
    signers: { ed25519: log.manifestEd25519, p256: log.manifestP256 },
    ...over,
  });
  if (!members.ok) throw new Error(JSON.stringify(members.problem));
  return [...members.value];
}

export function bundleOf(log: EvidenceLog, change: Parameters<typeof membersOf>[1] = {}): Uint8Array {
  return writeZip(membersOf(log, change));
}

export function bodyTextOf(line: Uint8Array): string {
  return Buffer.from(JSON.parse(Buffer.from(line).toString()).payload, 'base64').toString();
}

/** The members after a change, with sums, manifest and signatures made anew: what whoever holds the manifest keys can do. */
export function resigned(log: EvidenceLog, members: readonly Member[], keys = log): Member[] {
  const unsigned = members.filter(({ name }) => !/^(manifest\.|SHA256SUMS$)/.test(name));
  const old = JSON.parse(Buffer.from(memberOf(members, 'manifest.json').bytes).toString());
  const byName = (a: Member, b: Member) => (a.name < b.name ? -1 : 1);
  const hex = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const sums = [...unsigned].sort(byName).map(({ name, bytes }) => `${hex(bytes)}  ${name}\n`);
  const listed = [...unsigned, { name: 'SHA256SUMS', bytes: Buffer.from(sums.join('')) }];
  const subject = [...listed]
    .sort(byName)
    .map(({ name, bytes }) => ({ name, digest: { sha256: hex(bytes) } }));
  const manifest = Buffer.from(canonical({ ...old, subject }));
  return [
    ...listed,
    { name: 'manifest.json', bytes: manifest },
    { name: 'manifest.ed25519.sigstore.json', bytes: sigstore(manifest, keys.manifestEd25519) },
    { name: 'manifest.p256.sigstore.json', bytes: sigstore(manifest, keys.manifestP256) },
  ];
}

function sigstore(manifest: Buffer, key: TestKey): Buffer {
  const type = 'application/vnd.in-toto+json';
  const signature = Buffer.from(key.sign(pae(type, manifest))).toString('base64');
  const hint = Buffer.from(key.keyId, 'hex').toString('base64');
  return Buffer.from(
    `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"${hint}"},"tlogEntries":[]},"dsseEnvelope":{"payload":"${manifest.toString('base64')}","payloadType":"${type}","signatures":[{"sig":"${signature}"}]}}\n`,
  );
}

export function memberOf(members: readonly Member[], name: string): Member {
  const found = members.find((member) => member.name === name);
  if (found === undefined) throw new Error(`no member ${name}`);
  return found;
}

/** Replaces one member's bytes (adds it when it is new, removes it when `bytes` is undefined). */
export function withMember(
  members: readonly Member[],
  name: string,
  bytes: Uint8Array | string | undefined,
): Member[] {
  const others = members.filter((member) => member.name !== name);
  return bytes === undefined ? others : [...others, { name, bytes: new Uint8Array(Buffer.from(bytes)) }];
}
