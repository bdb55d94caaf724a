import { createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../core/canonical/hex.ts';
import { parseNote } from '../core/chain/checkpoint.ts';

const NAME = /^([0-9]{12}|latest)$/;

export interface SignedHeads {
  /** Hex root by tree size. */
  readonly roots: ReadonlyMap<number, string>;
  /** Files that are not checkpoints of ours, and two roots of one size. */
  readonly problems: readonly { readonly path: string; readonly detail: string }[];
}

/** All checkpoints that are kept, each verified under the log key. */
export function readSignedHeads(dir: string, logSpkiDer: Uint8Array): SignedHeads {
  const key = createPublicKey({ key: Buffer.from(logSpkiDer), type: 'spki', format: 'der' });
  const roots = new Map<number, string>();
  const problems: { path: string; detail: string }[] = [];
  for (const name of existsSync(dir) ? readdirSync(dir).sort() : []) {
    if (!NAME.test(name)) continue;
    const path = join(dir, name);
    const parsed = parseNote(readFileSync(path, 'utf8'));
    if (!parsed.ok) {
      problems.push({ path, detail: `not a checkpoint (${parsed.problem})` });
      continue;
    }
    const { body, origin, signatures, size, root } = parsed.value;
    const isOurs = signatures.some(
      (one) => one.name === origin && verify(null, Buffer.from(body), key, one.signature),
    );
    const known = roots.get(size);
    if (!isOurs) problems.push({ path, detail: 'not signed by the log key' });
    else if (name !== 'latest' && Number(name) !== size)
      problems.push({ path, detail: `names ${Number(name)} records and covers ${size}` });
    else if (known !== undefined && known !== toHex(root))
      problems.push({ path, detail: `another root for ${size} records than another checkpoint` });
    else roots.set(size, toHex(root));
  }
  return { roots, problems };
}
