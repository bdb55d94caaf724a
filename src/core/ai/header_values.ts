import { decodeBase64Strict } from '../canonical/base64.ts';
import { utf8DecodeStrict } from '../canonical/utf8.ts';
import { type Unknown, unknown } from './facts.ts';

type Headers = readonly { readonly name: string; readonly value: string }[];

/** The value of a header; twice the same header is a problem, because each server picks one of them. */
export function onlyHeader(headers: Headers, wanted: string): string | undefined | Unknown {
  const [first, second] = headers.filter(({ name }) => name.toLowerCase() === wanted);
  if (second !== undefined) return unknown('HEADER_REPEATED', wanted);
  return first?.value.replace(/^[ \t]+|[ \t]+$/g, '');
}

const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/** The text that a header of MCP stands for; undefined where its encoding is broken. */
export function decodeMirrored(value: string): string | undefined {
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value.startsWith('=?base64?') && value.endsWith('?=') ? undefined : value;
  const bytes = decodeBase64Strict(encoded);
  const text = bytes.ok ? utf8DecodeStrict(bytes.value) : bytes;
  return text.ok ? text.value : undefined;
}
