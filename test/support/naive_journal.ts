import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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
  const keys = new Map<string, string>();
  for (const { keyid, public_key_pem } of trust.keys) keys.set(keyid, public_key_pem);
  const records: NaiveRecord[] = [];
  let prev = '0'.repeat(64);
  for (const line of journalLines(folder)) {
    const { record, keyid, digest } = openLine(line, keys);
    if (record.key_id !== keyid) throw new Error(`key mismatch at ${record.seq}`);
    if (record.seq !== records.length) throw new Error(`sequence ${record.seq}, expected ${records.length}`);
    if (record.prev !== prev) throw new Error(`chain breaks at ${record.seq}`);
    prev = digest;
    records.push(record);
  }
  return records;
}

interface OpenedLine {
  /** Frozen, for it is handed out again. */
  readonly record: NaiveRecord;
  readonly keyid: string;
  readonly pem: string;
  /** Of the line. */
  readonly digest: string;
}

/** Tests that wait for a record read a growing journal over and over; the same bytes under the same key stay signed. */
const opened = new Map<string, OpenedLine>();
const OPENED_MAX = 50_000;

function openLine(line: string, keys: ReadonlyMap<string, string>): OpenedLine {
  const known = opened.get(line);
  if (known !== undefined && keys.get(known.keyid) === known.pem) return known;
  const fresh = verifyLine(line, keys);
  if (opened.size >= OPENED_MAX) opened.clear();
  opened.set(line, fresh);
  return fresh;
}

function verifyLine(line: string, keys: ReadonlyMap<string, string>): OpenedLine {
  const envelope = JSON.parse(line);
  const body = Buffer.from(envelope.payload, 'base64');
  const [{ keyid, sig }] = envelope.signatures;
  const pem = keys.get(keyid);
  if (pem === undefined) throw new Error(`unknown key ${keyid}`);
  const type = envelope.payloadType;
  const pae = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${body.length} `), body]);
  const record = JSON.parse(body.toString('utf8'), (_name, value) => Object.freeze(value));
  if (!verify(null, pae, publicKey(pem), Buffer.from(sig, 'base64')))
    throw new Error(`bad signature at ${record.seq}`);
  return { record, keyid, pem, digest: createHash('sha256').update(line).digest('hex') };
}

const parsedKeys = new Map<string, ReturnType<typeof createPublicKey>>();

function publicKey(pem: string): ReturnType<typeof createPublicKey> {
  const key = parsedKeys.get(pem) ?? createPublicKey(pem);
  parsedKeys.set(pem, key);
  return key;
}

/** Complete lines of all segments in order; an unfinished last line of a live journal is left out. */
export function journalLines(folder: string): string[] {
  for (;;) {
    try {
      return linesOf(folder);
    } catch (error) {
      // A segment that was listed has been packed since, under another name.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(folder)) throw error;
    }
  }
}

function linesOf(folder: string): string[] {
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
