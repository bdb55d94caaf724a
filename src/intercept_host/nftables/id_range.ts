/** User or group ids from `first` to `last`, both included. */
export interface IdRange {
  readonly first: number;
  readonly last: number;
}

/** The largest id that a process can have; 4294967295 stands for "none" in system calls. */
const ID_MAX = 4_294_967_294;
const DECIMAL = '(0|[1-9][0-9]{0,9})';
const RANGE = new RegExp(`^${DECIMAL}(?:-${DECIMAL})?$`);

/** `2001` or `2001-2010`, decimal without leading zeros. Undefined for anything else, and for a range that runs backwards. */
export function parseIdRange(text: string): IdRange | undefined {
  const found = RANGE.exec(text);
  if (found === null) return undefined;
  const first = Number(found[1]);
  const last = Number(found[2] ?? found[1]);
  return first <= last && last <= ID_MAX ? { first, last } : undefined;
}

export function formatIdRange({ first, last }: IdRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

export function holdsId(ranges: readonly IdRange[], id: number): boolean {
  return ranges.some(({ first, last }) => first <= id && id <= last);
}

/** The same ids, sorted, without overlap and without gaps of nothing: the kernel refuses overlapping ranges. */
export function mergeIdRanges(ranges: readonly IdRange[]): IdRange[] {
  const merged: IdRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1) merged.push(range);
    else merged[merged.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
  }
  return merged;
}
