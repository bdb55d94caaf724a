import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from 'yaml';
import { ISSUER_KEYS, ISSUERS_KEY, ISSUERS_MAX, KEYS, type KeySpec } from './keys.ts';
import { type ConfigProblem, shown } from './problem.ts';

/** Values of one configuration file by dotted key; every value has passed its kind. */
export interface DocumentValues {
  readonly values: ReadonlyMap<string, unknown>;
  readonly issuers: readonly ReadonlyMap<string, unknown>[] | undefined;
  readonly problems: readonly ConfigProblem[];
}

export const DOCUMENT_BYTES_MAX = 1_048_576;

/** Reads `clawgress.yaml` strictly: unknown and repeated keys, aliases and wrong types are problems with their line. */
export function readDocument(file: string, text: string): DocumentValues {
  if (text.length > DOCUMENT_BYTES_MAX) {
    return failed({
      where: file,
      key: '',
      found: 'a huge file',
      allowed: `at most ${DOCUMENT_BYTES_MAX} bytes`,
    });
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: true,
    strict: true,
    schema: 'core',
  });
  const where = (offset: number | undefined): string => {
    const at = lines.linePos(offset ?? 0);
    return `${file}:${Math.max(at.line, 1)}:${Math.max(at.col, 1)}`;
  };
  const syntax = document.errors[0] ?? document.warnings[0];
  if (syntax !== undefined) {
    const reason = syntax.message.split('\n', 1)[0] ?? syntax.code;
    return failed({ where: where(syntax.pos[0]), key: '', found: reason, allowed: 'one YAML mapping' });
  }
  if (document.contents === null) return { values: new Map(), issuers: undefined, problems: [] };
  if (!isMap(document.contents)) {
    return failed({ where: where(0), key: '', found: 'no mapping', allowed: 'a YAML mapping of settings' });
  }
  const reader = new Reader(where);
  reader.group(document.contents as YAMLMap<Node, Node | null>, '');
  return { values: reader.values, issuers: reader.issuers, problems: reader.problems };
}

function failed(problem: ConfigProblem): DocumentValues {
  return { values: new Map(), issuers: undefined, problems: [problem] };
}

class Reader {
  readonly values = new Map<string, unknown>();
  issuers: ReadonlyMap<string, unknown>[] | undefined;
  readonly problems: ConfigProblem[] = [];
  readonly #where: (offset: number | undefined) => string;

  constructor(where: (offset: number | undefined) => string) {
    this.#where = where;
  }

  /** Walks one mapping; `prefix` is its dotted key with a trailing dot, or empty at the top. */
  group(map: YAMLMap<Node, Node | null>, prefix: string): void {
    for (const pair of map.items) {
      const name = keyName(pair);
      const key = `${prefix}${name}`;
      const spec = KEYS.find((entry) => entry.key === key);
      if (spec !== undefined) this.#leaf(pair, spec, key, this.values);
      else if (key === ISSUERS_KEY) this.#issuerList(pair);
      else if (KEYS.some((entry) => entry.key.startsWith(`${key}.`))) this.#nested(pair, key);
      else this.#unknown(pair, key, siblings(prefix));
    }
  }

  #nested(pair: Pair<Node, Node | null>, key: string): void {
    if (pair.value === null || (isScalar(pair.value) && pair.value.value === null)) return;
    if (isMap(pair.value)) this.group(pair.value as YAMLMap<Node, Node | null>, `${key}.`);
    else this.#report(pair, key, shown(plain(pair.value)), `a mapping with ${siblings(`${key}.`)}`);
  }

  #leaf(pair: Pair<Node, Node | null>, spec: KeySpec, key: string, into: Map<string, unknown>): void {
    const value = plain(pair.value);
    const accepted = spec.kind.accept(value);
    if (accepted === undefined) this.#report(pair, key, shown(value), spec.kind.allowed);
    else into.set(spec.key, accepted);
  }

  #issuerList(pair: Pair<Node, Node | null>): void {
    const list = pair.value;
    if (!isSeq(list) || list.items.length > ISSUERS_MAX || !list.items.every((item) => isMap(item))) {
      this.#report(pair, ISSUERS_KEY, shown(plain(list)), `a list of at most ${ISSUERS_MAX} mappings`);
      return;
    }
    this.issuers = list.items.map((item, index) => {
      const map = item as YAMLMap<Node, Node | null>;
      return this.#issuer(map, `${ISSUERS_KEY}[${index}]`);
    });
  }

  #issuer(map: YAMLMap<Node, Node | null>, at: string): ReadonlyMap<string, unknown> {
    const values = new Map<string, unknown>();
    for (const pair of map.items) {
      const spec = ISSUER_KEYS.find((entry) => entry.key === keyName(pair));
      if (spec !== undefined) this.#leaf(pair, spec, `${at}.${spec.key}`, values);
      else this.#unknown(pair, `${at}.${keyName(pair)}`, ISSUER_KEYS.map((entry) => entry.key).join(', '));
    }
    const present = new Set(map.items.map(keyName));
    for (const missing of ISSUER_KEYS.filter((entry) => entry.required && !present.has(entry.key))) {
      const where = this.#where(map.range?.[0]);
      this.problems.push({
        where,
        key: `${at}.${missing.key}`,
        found: 'nothing',
        allowed: missing.kind.allowed,
      });
    }
    return values;
  }

  #unknown(pair: Pair<Node, Node | null>, key: string, allowed: string): void {
    this.#report(pair, key, 'an unknown key', allowed);
  }

  #report(pair: Pair<Node, Node | null>, key: string, found: string, allowed: string): void {
    this.problems.push({ where: this.#where(pair.key?.range?.[0]), key, found, allowed });
  }
}

function keyName(pair: Pair<Node, Node | null>): string {
  return isScalar(pair.key) ? String(pair.key.value) : '?';
}

/** Scalars and lists of scalars as plain values; anything else as undefined, which no kind accepts. */
function plain(node: Node | null | undefined): unknown {
  if (isScalar(node)) return node.value;
  if (isSeq(node)) return node.items.map((item) => (isScalar(item) ? item.value : undefined));
  return undefined;
}

/** The keys that exist below `prefix`, for messages. */
function siblings(prefix: string): string {
  const below = KEYS.filter((entry) => entry.key.startsWith(prefix)).map(
    (entry) => entry.key.slice(prefix.length).split('.')[0] ?? '',
  );
  const names = prefix === '' ? [...below, ISSUERS_KEY] : below;
  return [...new Set(names)].join(', ');
}
