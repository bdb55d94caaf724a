import { fail, ok, type Result } from '../result.ts';
import { ANCESTORS_MAX, INHERITANCE_LEVELS_MAX, SET_RULES_MAX } from './bounds.ts';
import type { Library } from './library.ts';
import { mistake, pointerOf, quoted } from './mistakes.ts';
import { checkedMember, type Member, type Part, type Problems, problemsIn } from './part.ts';

/** A document and everything that it inherits, each once and sorted by id. */
export interface Lineage {
  readonly entry: Member;
  readonly ancestors: readonly Member[];
}

/** Finds the parents of a document, theirs, and so on. The problems name the file that inherits. */
export function lineageOf(entry: Member, library: Library): Result<Lineage, Problems> {
  const search = new Search(library);
  search.climb(entry, [entry.document.id]);
  const ancestors = [...search.found.values()].sort((a, b) => (a.document.id < b.document.id ? -1 : 1));
  const problems = search.problems.length > 0 ? search.problems : oversize(entry, ancestors);
  return problems.length > 0 ? fail(problems) : ok({ entry, ancestors });
}

/** The part of a lineage that one of its members has as its own. */
export function lineageWithin({ ancestors }: Lineage, entry: Member): Lineage {
  const wanted = new Set<string>();
  const climb = (ids: readonly string[]): void => {
    for (const id of ids) {
      if (wanted.has(id)) continue;
      wanted.add(id);
      climb(ancestors.find(({ document }) => document.id === id)?.document.inherits ?? []);
    }
  };
  climb(entry.document.inherits ?? []);
  return { entry, ancestors: ancestors.filter(({ document }) => wanted.has(document.id)) };
}

class Search {
  readonly found = new Map<string, Member>();
  readonly problems: Problems[number][] = [];
  readonly #library: Library;

  constructor(library: Library) {
    this.#library = library;
  }

  /** `chain`: ids from the entry down to `child`. A document that several inherit is visited once. */
  climb(child: Member, chain: readonly string[]): void {
    for (const [i, id] of (child.document.inherits ?? []).entries()) {
      if (this.problems.length > 0) return;
      if (chain.includes(id)) this.#refuse(child, i, 'INHERITS_CYCLE', circle(chain, id), CUT);
      else if (!this.found.has(id)) this.#adopt(child, i, id, chain);
    }
  }

  #adopt(child: Member, index: number, id: string, chain: readonly string[]): void {
    if (this.found.size === ANCESTORS_MAX) {
      const message = `more than ${ANCESTORS_MAX} documents are inherited in all`;
      this.#refuse(child, index, 'INHERITS_TOO_MANY', message, 'merge some of them');
      return;
    }
    const [part, twin] = this.#library.find(id);
    if (!part) {
      this.#missing(child, index, id);
      return;
    }
    if (twin) {
      const message = `two documents have the id ${quoted(id)}: ${part.file} and ${twin.file}`;
      this.#refuse(child, index, 'DUPLICATE_DOCUMENT', message, 'rename one of them');
      return;
    }
    const member = checkedMember(part);
    if (!member.ok) {
      this.problems.push(...member.problem);
      return;
    }
    this.found.set(id, member.value);
    this.climb(member.value, [...chain, id]);
  }

  #missing(child: Member, index: number, id: string): void {
    const unreadable = this.#library.unreadable.slice(0, 3);
    const also = unreadable.length === 0 ? '' : `; not readable: ${unreadable.join(', ')}`;
    const hint = `put the document with this id beside this one${also}`;
    this.#refuse(child, index, 'PARENT_MISSING', `no document has the id ${quoted(id)}`, hint);
  }

  #refuse({ part }: Member, index: number, code: string, message: string, hint: string): void {
    this.problems.push(...problemsIn(part, [mistake(code, pointerOf('inherits', index), message, hint)]));
  }
}

const CUT = 'take one of them out of the circle';

function circle(chain: readonly string[], id: string): string {
  return `the document inherits itself: ${[...chain.slice(chain.indexOf(id)), id].join(' -> ')}`;
}

function oversize(entry: Member, ancestors: readonly Member[]): Problems {
  const refuse = (part: Part, code: string, message: string, hint: string) =>
    problemsIn(part, [mistake(code, '/inherits', message, hint)]);
  const levels = levelsAbove(entry, ancestors);
  if (levels > INHERITANCE_LEVELS_MAX) {
    const message = `found ${levels} levels of inheritance`;
    return refuse(entry.part, 'INHERITS_TOO_DEEP', message, `at most ${INHERITANCE_LEVELS_MAX} are allowed`);
  }
  const rules = [entry, ...ancestors].reduce((sum, { document }) => sum + document.rules.length, 0);
  if (rules <= SET_RULES_MAX) return [];
  const message = `found ${rules} rules in this document and its ancestors`;
  return refuse(entry.part, 'TOO_MANY', message, `at most ${SET_RULES_MAX} are allowed`);
}

/** The longest way up. Each document is measured once, or a ladder of diamonds would double the work on every rung. */
function levelsAbove(entry: Member, ancestors: readonly Member[]): number {
  const byId = new Map(ancestors.map((member) => [member.document.id, member]));
  const known = new Map<string, number>();
  const measure = ({ document }: Member): number => {
    const before = known.get(document.id);
    if (before !== undefined) return before;
    let levels = 0;
    for (const id of document.inherits ?? []) {
      const parent = byId.get(id);
      if (parent) levels = Math.max(levels, 1 + measure(parent));
    }
    known.set(document.id, levels);
    return levels;
  };
  return measure(entry);
}
