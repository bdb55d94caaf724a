import { sha } from './scripts.ts';

/**
 * Where the events of a stream end, by the rules of the standard word by word, over the whole at once: behind the first byte of the
 * line end of the empty line that dispatches them. Only for streams without half characters.
 */
export function naiveEnds(bytes: Uint8Array): readonly number[] {
  const text = Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '___');
  const ends: number[] = [];
  let hasData = false;
  for (const line of text.matchAll(/([^\r\n]*)(\r\n|\r|\n)/g)) {
    const content = (line[1] ?? '').replace(/^___/, '');
    if (content === '' && hasData) ends.push(line.index + (line[1] ?? '').length + 1);
    if (content === '') hasData = false;
    else if (/^data(:|$)/.test(content)) hasData = true;
  }
  return ends;
}

/** Marks of a stream that passes at once and in which no time passes: one for every 256 events. */
export function naiveMarks(bytes: Uint8Array) {
  return naiveEnds(bytes).flatMap((end, i) => {
    if ((i + 1) % 256 !== 0) return [];
    const digest = sha(bytes.subarray(0, end));
    const counts = { bytes_in: end, bytes_out: end, digest_in: digest, digest_out: digest };
    return [
      { part: 'response', state: 'mark', index: (i + 1) / 256 - 1, format: 'sse', ...counts, events: i + 1 },
    ];
  });
}
