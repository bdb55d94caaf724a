import { readdirSync, readFileSync } from 'node:fs';
import { type H2Request, h2Bytes } from './h2_frames.ts';

/** One thing that an attacker sends over one connection, and everything it may lead to. */
export interface HostileCase {
  readonly name: string;
  /** Why it is dangerous, or why it is right to answer so. */
  readonly why?: string;
  readonly port?: 'explicit' | 'base_url';
  /** Lines, joined by CRLF. Characters are bytes (Latin-1). See `README.md` for the placeholders. */
  readonly send?: readonly string[];
  /** Exact text, where line ends are the point. */
  readonly bytes?: string;
  /** Requests of one HTTP/2 connection; their answers are not read. */
  readonly h2?: readonly H2Request[];
  /** Status of each answer, in order; `closed` when none came. */
  readonly status?: readonly (number | 'closed')[];
  /** Decisions about this connection, in order: `allow RULE` or `deny REASON`. */
  readonly decisions: readonly string[];
  /** Request lines at the upstream, in order, without the version. Empty: nothing arrived. */
  readonly upstream: readonly string[];
  /** Lower-case header names, or `name: value`, that the upstream must not have seen. */
  readonly upstream_lacks?: readonly string[];
  readonly upstream_has?: readonly string[];
  /** The request broke off: whether its beginning was already sent is a matter of time. */
  readonly upstream_may_miss?: true;
  /** Must not be in what the client was answered. */
  readonly answer_lacks?: readonly string[];
}

export interface Family {
  readonly about: string;
  readonly cases: readonly HostileCase[];
}

const FOLDER = new URL('../../vectors/hostile/', import.meta.url);

export function families(): ReadonlyMap<string, Family> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return new Map(
    names
      .sort()
      .map((name) => [
        name.replace('.json', ''),
        JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Family,
      ]),
  );
}

/** The bytes of a case, placeholders filled in. */
export function bytesOf(one: HostileCase, values: Readonly<Record<string, string>>): Buffer {
  if (one.h2 !== undefined) return h2Bytes(JSON.parse(fill(JSON.stringify(one.h2), values)) as H2Request[]);
  return Buffer.from(fill(one.bytes ?? (one.send ?? []).join('\r\n'), values), 'latin1');
}

export function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)(?::(\d+))?\}/g, (whole, name: string, count: string | undefined) => {
    if (name === 'fill') return 'a'.repeat(Number(count));
    if (name === 'headers') return Array.from({ length: Number(count) }, (_, n) => `h${n}: 1\r\n`).join('');
    return values[name] ?? whole;
  });
}
