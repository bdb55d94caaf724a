import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { parseTrustFile, type TrustFile } from '../core/bundle/trust_file.ts';
import type { VerifyCrypto } from '../core/verify/crypto.ts';
import { verifyBundle } from '../core/verify/verify_bundle.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import type { Flags } from './options.ts';
import { verifyText } from './verify_text.ts';

const ED25519_SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
/** Key objects kept: a bundle names a handful of keys and uses each for many signatures. */
const KEYS_MAX = 64;

/** `verify <bundle>`: 0 only when everything was checked against the trust file and holds. */
export function verify(bundle: string, flags: Flags): ExitCode {
  const crypto = nodeCrypto();
  const trust = typeof flags['trust'] === 'string' ? readTrust(flags['trust'], crypto) : undefined;
  const report = verifyBundle(readInput(bundle, 'the bundle'), trust, crypto);
  if (flags['json'] === true) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else process.stdout.write(verifyText(bundle, report));
  return report.verdict === 'VERIFIED' ? EXIT.ok : EXIT.no;
}

function readTrust(path: string, crypto: VerifyCrypto): TrustFile {
  const trust = parseTrustFile(crypto.sha256, readInput(path, 'the trust file'));
  if (trust.ok) return trust.value;
  throw new CliError(
    EXIT.usage,
    `${path} is not a trust file: ${trust.problem.code}${trust.problem.at === '' ? '' : ` at ${trust.problem.at}`}`,
    '`clawgress keys export -o keys.json` writes one',
  );
}

function readInput(path: string, what: string): Uint8Array {
  if (existsSync(path)) return readFileSync(path);
  throw new CliError(EXIT.unavailable, `${what} ${path} does not exist`);
}

/** The platform's primitives; anything that they cannot use is a signature that does not verify. */
export function nodeCrypto(): VerifyCrypto {
  const keys = new Map<string, ReturnType<typeof createPublicKey>>();
  const keyOf = (spki: Buffer) => {
    const name = spki.toString('hex');
    const known = keys.get(name);
    if (known !== undefined) return known;
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    if (keys.size >= KEYS_MAX) keys.clear();
    keys.set(name, key);
    return key;
  };
  const holds = (algorithm: 'sha256' | null, spki: Buffer, message: Uint8Array, signature: Uint8Array) => {
    try {
      return verifySignature(algorithm, message, keyOf(spki), signature);
    } catch {
      return false;
    }
  };
  return {
    sha256: (bytes) => createHash('sha256').update(bytes).digest(),
    verifyEd25519: (raw, message, signature) =>
      holds(null, Buffer.concat([ED25519_SPKI_HEAD, raw]), message, signature),
    verifyP256: (spkiDer, message, signature) => holds('sha256', Buffer.from(spkiDer), message, signature),
  };
}
