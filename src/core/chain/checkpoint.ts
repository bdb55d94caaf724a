import { decodeBase64Strict, encodeBase64 } from '../canonical/base64.ts';
import { toHex } from '../canonical/hex.ts';
import { sha256 } from '../canonical/sha256.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';

/** C2SP tlog-checkpoint inside a C2SP signed-note, Ed25519 (signature type 0x01), without extension lines. */

const ED25519_TYPE = 0x01;
const KEY_HASH_BYTES = 4;
const ROOT_BYTES = 32;
/** Our own signature plus cosigners. */
export const NOTE_SIGNATURES_MAX = 16;
export const NOTE_BYTES_MAX = 16_384;

export type NoteProblem = 'NOTE_TOO_LONG' | 'NOTE_SYNTAX' | 'NOTE_SIZE' | 'NOTE_ROOT' | 'NOTE_SIGNATURE';

export interface NoteSignature {
  readonly name: string;
  /** 4 bytes; tells keys of one name apart and proves nothing. */
  readonly keyHash: Uint8Array;
  /** Raw signature bytes behind the key hash. */
  readonly signature: Uint8Array;
}

export interface SignedCheckpoint {
  /** The signed text, with its final newline. */
  readonly body: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly signatures: readonly NoteSignature[];
}

/** Origin and key name of a log's checkpoints: issuer name and log id. */
export function checkpointOrigin(issuer: string, logId: string): string {
  return `${issuer}/${logId}`;
}

/** Three lines: origin, decimal size, base64 root. Throws on an origin that a note cannot carry. */
export function checkpointBody(origin: string, size: number, root: Uint8Array): string {
  assertName(origin);
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('checkpoint: bad size');
  if (root.length !== ROOT_BYTES) throw new RangeError('checkpoint: root is not 32 bytes');
  return `${origin}\n${size}\n${encodeBase64(root)}\n`;
}

/** First 4 bytes of SHA-256(name || "\n" || 0x01 || key). */
export function noteKeyHash(name: string, publicKey32: Uint8Array): Uint8Array {
  const head = utf8Encode(`${name}\n`);
  const message = new Uint8Array(head.length + 1 + publicKey32.length);
  message.set(head);
  message[head.length] = ED25519_TYPE;
  message.set(publicKey32, head.length + 1);
  return sha256(message).slice(0, KEY_HASH_BYTES);
}

/** The signed note. `signature` covers the UTF-8 bytes of `body`. */
export function formatNote(
  body: string,
  keyName: string,
  publicKey32: Uint8Array,
  signature: Uint8Array,
): string {
  assertName(keyName);
  const blob = new Uint8Array(KEY_HASH_BYTES + signature.length);
  blob.set(noteKeyHash(keyName, publicKey32));
  blob.set(signature, KEY_HASH_BYTES);
  return `${body}\n\u2014 ${keyName} ${encodeBase64(blob)}\n`;
}

/** The public key in the text form that note tools take: `name+hash+base64(0x01 || key)`. */
export function vkey(name: string, publicKey32: Uint8Array): string {
  assertName(name);
  const typed = new Uint8Array(1 + publicKey32.length);
  typed[0] = ED25519_TYPE;
  typed.set(publicKey32, 1);
  return `${name}+${toHex(noteKeyHash(name, publicKey32))}+${encodeBase64(typed)}`;
}

const NOTE = /^(([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]{44})\n)\n((?:\u2014 [^\n]+\n)+)$/;
const SIGNATURE = /^\u2014 ([^\n ]+) ([A-Za-z0-9+/=]+)$/;

/** Reads one note; whatever formatNote would write differently is refused. Checks no signature. */
export function parseNote(text: string): Result<SignedCheckpoint, NoteProblem> {
  if (text.length > NOTE_BYTES_MAX) return fail('NOTE_TOO_LONG');
  const [, body = '', origin = '', sizeText = '', rootText = '', tail = ''] = NOTE.exec(text) ?? [];
  if (body === '' || !isName(origin)) return fail('NOTE_SYNTAX');
  const size = Number(sizeText);
  if (!Number.isSafeInteger(size)) return fail('NOTE_SIZE');
  const root = decodeBase64Strict(rootText);
  if (!root.ok || root.value.length !== ROOT_BYTES) return fail('NOTE_ROOT');
  const signatures = parseSignatures(tail);
  return signatures.ok
    ? ok({ body, origin, size, root: root.value, signatures: signatures.value })
    : signatures;
}

function parseSignatures(tail: string): Result<readonly NoteSignature[], NoteProblem> {
  const lines = tail.slice(0, -1).split('\n');
  if (lines.length > NOTE_SIGNATURES_MAX) return fail('NOTE_SIGNATURE');
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name = '', encoded = ''] = SIGNATURE.exec(line) ?? [];
    const blob = decodeBase64Strict(encoded);
    if (!isName(name) || !blob.ok || blob.value.length <= KEY_HASH_BYTES) return fail('NOTE_SIGNATURE');
    signatures.push({
      name,
      keyHash: blob.value.slice(0, KEY_HASH_BYTES),
      signature: blob.value.slice(KEY_HASH_BYTES),
    });
  }
  return ok(signatures);
}

/** Printable ASCII without space and plus: what both a note's name and its origin may be here. */
function isName(name: string): boolean {
  return /^[!-*,-~]{1,255}$/.test(name);
}

function assertName(name: string): void {
  if (!isName(name)) throw new RangeError('checkpoint: name holds a character that notes cannot carry');
}
