import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A journal record as any JSON reader sees it. */
// biome-ignore lint/suspicious/noExplicitAny: this reader must not know our types
export type NaiveRecord = Record<string, any>;

/**
 * Reads a journal folder knowing nothing of the product's code: JSON, base64, SHA-256, Ed25519 and the chain rule of
 * the format. Throws at the first thing that is wrong. `keys`: the exported trust file.
 */
export function readJournal(folder: string, publicKeysFile: string): NaiveRecord[] {
  const trust = JSON.parse(readFileSync(publicKeysFile, 'utf8'));
  const keys = new Map<string, ReturnType<typeof createPublicKey>>();
  for (const { keyid, public_key_pem } of trust.keys) keys.set(keyid, createPublicKey(public_key_pem));
  const records: NaiveRecord[] = [];
  let prev = '0'.repeat(64);
  for (const line of journalLines(folder)) {
    const envelope = JSON.parse(line);
    const body = Buffer.from(envelope.payload, 'base64');
    const [signature] = envelope.signatures;
    const key = keys.get(signature.keyid);
    if (!key) throw new Error(`unknown key ${signature.keyid}`);
    const pae = Buffer.concat([
      Buffer.from(`DSSEv1 ${envelope.payloadType.length} ${envelope.payloadType} ${body.length} `),
      body,
    ]);
    const record = JSON.parse(body.toString('utf8'));
    if (!verify(null, pae, key, Buffer.from(signature.sig, 'base64')))
      throw new Error(`bad signature at ${record.seq}`);
    if (record.key_id !== signature.keyid) throw new Error(`key mismatch at ${record.seq}`);
    if (record.seq !== records.length) throw new Error(`sequence ${record.seq}, expected ${records.length}`);
    if (record.prev !== prev) throw new Error(`chain breaks at ${record.seq}`);
    prev = createHash('sha256').update(line).digest('hex');
    records.push(record);
  }
  return records;
}

/** Complete lines of all segments in order; an unfinished last line of a live journal is left out. */
export function journalLines(folder: string): string[] {
  const segments = readdirSync(folder)
    .filter((name) => /^\d{12}-.*\.jsonl(\.gz)?$/.test(name))
    .filter((name, _, all) => !name.endsWith('.gz') || !all.includes(name.slice(0, -3)))
    .sort();
  return segments.flatMap((name) => {
    const bytes = readFileSync(join(folder, name));
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .slice(0, -1);
  });
}
