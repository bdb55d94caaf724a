import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { KeyFileError, openKeyFolder, readKeyFile, writeKeyFile } from './key_file.ts';
import { generateKeyPem, type KeyAlgorithm, type Signer, signerFromPem } from './signer.ts';
import { type TrustFacts, trustFile } from './trust_file.ts';

/** Every key of one state folder, one per purpose, held in memory. */
export interface Keyring {
  /** Signs genesis and delegations, nothing else. */
  readonly root: Signer;
  /** Signs checkpoints, nothing else. */
  readonly log: Signer;
  readonly manifestEd25519: Signer;
  readonly manifestP256: Signer;
  /** 32 bytes that salt the commitments of client data; destroying the file erases what was committed. */
  readonly commitSaltKey: Uint8Array;
  /** Names the HMAC key in records: first 16 hex digits of a labelled hash of it. */
  readonly hmacKeyId: string;
  /** Hex HMAC-SHA256 under the HMAC key; `label` separates the uses. */
  hmac(label: string, message: string): string;
  /** The signer of a receipt epoch key; undefined when its private half is not here (any more). */
  epoch(keyId: string): Signer | undefined;
  /** A new receipt epoch key, durable on disk. It signs nothing before a delegation names it. */
  newEpoch(): Signer;
  /** Erases the private halves of all epoch keys but one. */
  retireEpochsExcept(keyId: string): void;
  trustFile(facts: TrustFacts): string;
}

const SECRET_BYTES = 32;
const HMAC_KEY_ID_HEX = 16;
const EPOCH_FILE = /^epoch-[0-9a-f]{64}\.pem$/;

/** Opens the keys below `keysDir`, creating the folder (0700) and each missing long-lived key (0600). Throws `KeyFileError`. */
export function openKeyring(keysDir: string): Keyring {
  openKeyFolder(keysDir);
  const root = longLived(keysDir, 'root', 'ed25519');
  const log = longLived(keysDir, 'log', 'ed25519');
  const manifestEd25519 = longLived(keysDir, 'manifest-ed25519', 'ed25519');
  const manifestP256 = longLived(keysDir, 'manifest-p256', 'ecdsa-p256');
  const commitSaltKey = secret(keysDir, 'commit-salt');
  const hmacBytes = secret(keysDir, 'hmac');
  const hmacKey = createSecretKey(hmacBytes);
  const trusted = [
    { key: root, purpose: 'root' },
    { key: log, purpose: 'log' },
    { key: manifestEd25519, purpose: 'manifest' },
    { key: manifestP256, purpose: 'manifest' },
  ] as const;
  return {
    root,
    log,
    manifestEd25519,
    manifestP256,
    commitSaltKey,
    hmacKeyId: createHash('sha256')
      .update('clawgress/hmac-key-id/v1\0')
      .update(hmacBytes)
      .digest('hex')
      .slice(0, HMAC_KEY_ID_HEX),
    hmac: (label, message) => createHmac('sha256', hmacKey).update(`${label}\0${message}`).digest('hex'),
    ...epochKeys(keysDir),
    trustFile: (facts) => trustFile(trusted, facts),
  };
}

function epochKeys(keysDir: string): Pick<Keyring, 'epoch' | 'newEpoch' | 'retireEpochsExcept'> {
  return {
    epoch: (keyId) => load(join(keysDir, `epoch-${keyId}.pem`), 'ed25519'),
    newEpoch: () => {
      const pem = generateKeyPem('ed25519');
      const signer = signerFromPem(pem, 'ed25519');
      writeKeyFile(join(keysDir, `epoch-${signer.keyId}.pem`), pem);
      return signer;
    },
    retireEpochsExcept: (keyId) => {
      for (const name of readdirSync(keysDir)) {
        if (EPOCH_FILE.test(name) && name !== `epoch-${keyId}.pem`) rmSync(join(keysDir, name));
      }
    },
  };
}

function longLived(keysDir: string, name: string, algorithm: KeyAlgorithm): Signer {
  const path = join(keysDir, `${name}.pem`);
  const found = load(path, algorithm);
  if (found !== undefined) return found;
  const pem = generateKeyPem(algorithm);
  return writeKeyFile(path, pem) ? signerFromPem(pem, algorithm) : longLived(keysDir, name, algorithm);
}

function load(path: string, algorithm: KeyAlgorithm): Signer | undefined {
  const pem = readKeyFile(path);
  if (pem === undefined) return undefined;
  try {
    return signerFromPem(pem, algorithm);
  } catch {
    // The parser's own message may quote the file: it stays out of errors.
    throw new KeyFileError(`${path} does not hold an ${algorithm} private key. Restore it from a backup.`);
  }
}

function secret(keysDir: string, name: string): Uint8Array {
  const path = join(keysDir, `${name}.key`);
  const found = readKeyFile(path);
  if (found === undefined) {
    const fresh = randomBytes(SECRET_BYTES);
    return writeKeyFile(path, `${fresh.toString('hex')}\n`) ? fresh : secret(keysDir, name);
  }
  const text = found.toString('latin1').trim();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new KeyFileError(`${path} does not hold 32 bytes in hex. Restore it from a backup.`);
  }
  return Buffer.from(text, 'hex');
}
