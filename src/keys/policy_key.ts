import { existsSync } from 'node:fs';
import { KeyFileError, readKeyFile, writeKeyFile } from './key_file.ts';
import { generateKeyPem, type Signer, signerFromPem } from './signer.ts';

/** A new policy key in a file of its own, 0600. It belongs where policy is approved, not beside the gateway. Throws when the file exists. */
export function createPolicyKey(path: string): Signer {
  const pem = generateKeyPem('ed25519');
  if (existsSync(path) || !writeKeyFile(path, pem))
    throw new KeyFileError(`${path} exists already. Choose another name: a policy key is never overwritten.`);
  return signerFromPem(pem, 'ed25519');
}

/** Throws KeyFileError when the file is missing, readable by others, or no Ed25519 private key. */
export function readPolicyKey(path: string): Signer {
  const pem = readKeyFile(path);
  if (pem === undefined)
    throw new KeyFileError(`${path} does not exist. Create one: clawgress policy keygen -o ${path}`);
  try {
    return signerFromPem(pem, 'ed25519');
  } catch {
    // The parser's own message may quote the file: it stays out of errors.
    throw new KeyFileError(`${path} does not hold an Ed25519 private key.`);
  }
}
