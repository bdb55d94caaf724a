const GROUP = /^[0-9a-f]{1,4}$/i;
const DOTTED = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})$/;
const TEXT_LENGTH_MAX = 45;

/** The eight 16-bit words of an address without brackets, or nothing. Zone ids are refused. */
export function parseIpv6(text: string): readonly number[] | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = wordsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? wordsOf(halves[1] ?? '', true) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  // `::` stands for at least one group; without it all eight have to be there.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** RFC 5952 text: lower case, the first longest run of two or more zero words as `::`, IPv4-mapped in mixed form. */
export function formatIpv6(words: readonly number[]): string {
  const groups = words.map((word) => word.toString(16));
  const run = longestZeroRun(words);
  // RFC 5952, section 5: the well-known prefix ::ffff:0:0/96 shows its IPv4 part.
  if (run.start === 0 && run.length === 5 && words[5] === 0xffff) {
    return `::ffff:${ipv4Words(words[6] ?? 0, words[7] ?? 0)}`;
  }
  if (run.length < 2) return groups.join(':');
  const head = groups.slice(0, run.start).join(':');
  return `${head}::${groups.slice(run.start + run.length).join(':')}`;
}

/** Dotted IPv4 of two 16-bit words. */
export function ipv4Words(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

function wordsOf(text: string, mayEndDotted: boolean): number[] | undefined {
  if (text === '') return [];
  const words: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    const dotted = mayEndDotted && index === groups.length - 1 ? dottedWords(group) : undefined;
    if (dotted) words.push(...dotted);
    else if (GROUP.test(group)) words.push(Number.parseInt(group, 16));
    else return undefined;
  }
  return words;
}

function dottedWords(text: string): readonly number[] | undefined {
  const octets = DOTTED.exec(text)?.slice(1).map(Number);
  if (!octets || octets.some((octet) => octet > 255)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = octets;
  return [(a << 8) | b, (c << 8) | d];
}

function longestZeroRun(words: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 };
  let length = 0;
  for (const [index, word] of words.entries()) {
    length = word === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}
