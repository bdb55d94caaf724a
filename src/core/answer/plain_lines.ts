const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });
const FIELD = /^(?:data|event|id|retry)(?::|$)/;
/** Characters at which clients that do not keep the standard split lines, too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
const ODD_ENDS = /[\v\f\x1c-\x1e\x85\u2028\u2029]/;

/**
 * Whether lines of an event stream say nothing beside fields that every client knows. Others are dropped by the standard;
 * a client that takes the whole for JSON, or splits lines elsewhere, would read what nobody judged. Inside of `data` odd line
 * ends do no harm: what is judged there is JSON, and quotes in its strings are escaped.
 */
export function hasPlainLines(bytes: Uint8Array, isFirst: boolean): boolean {
  const text = TEXT.decode(bytes);
  const lines = (isFirst ? text.replace(/^\ufeff/, '') : text).split(/\r\n|\r|\n/);
  return lines.every((line) => {
    if (line.startsWith('data')) return FIELD.test(line);
    return (line === '' || line.startsWith(':') || FIELD.test(line)) && !ODD_ENDS.test(line);
  });
}
