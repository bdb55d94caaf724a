import { formatIdRange, holdsId, type IdRange } from './id_range.ts';

const LINE = /^([^:\s]{1,256}):(\d{1,10}):(\d{1,10})$/;
const LINES_MAX = 4_096;

/**
 * Ids that an agent may take on inside a user namespace, from the text of /etc/subuid (or /etc/subgid), and that the
 * rules do not hold: packets sent with them look like somebody else's. `names` are the agents' login names, as far as known.
 */
export function uncoveredSubordinates(
  text: string,
  held: readonly IdRange[],
  names: readonly string[],
): readonly string[] {
  const gaps: string[] = [];
  for (const line of text.split('\n').slice(0, LINES_MAX)) {
    const [, owner = '', first = '', count = ''] = LINE.exec(line.trim()) ?? [];
    const isAgent = names.includes(owner) || (/^\d+$/.test(owner) && holdsId(held, Number(owner)));
    if (!isAgent || Number(count) === 0) continue;
    const range = { first: Number(first), last: Number(first) + Number(count) - 1 };
    if (!held.some((one) => one.first <= range.first && range.last <= one.last))
      gaps.push(formatIdRange(range));
  }
  return gaps;
}

/** Login names of the users whose id is in `held`, from the text of /etc/passwd. */
export function namesOf(passwd: string, held: readonly IdRange[]): readonly string[] {
  return passwd.split('\n').flatMap((line) => {
    const [name = '', , uid = ''] = line.split(':');
    return /^\d{1,10}$/.test(uid) && holdsId(held, Number(uid)) ? [name] : [];
  });
}
