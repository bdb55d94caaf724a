import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, syncFolder } from './durable_file.ts';
import { sha256Hex } from './hashing.ts';

const DIGEST = /^sha256:([0-9a-f]{64})$/;

/** Stores a document under its digest, durable before it returns. Throws when the bytes are not what the digest says. */
export function storeArtifact(dir: string, digest: string, bytes: Uint8Array): void {
  const hex = DIGEST.exec(digest)?.[1];
  if (hex === undefined || hex !== sha256Hex(bytes)) throw new Error(`artifact is not ${digest}`);
  const path = join(dir, hex);
  if (existsSync(path)) return;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  replaceFile(path, bytes);
  syncFolder(join(dir, '..'));
}
