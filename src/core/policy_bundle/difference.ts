import type { PolicyDocument } from '../../gen/policy_document.ts';
import { encodeJcs, type JsonValue } from '../canonical/jcs.ts';

/** One item that is not the same on both sides. */
export interface ItemChange {
  /** `shadow/<id>` for what only the shadow document brings. */
  readonly document: string;
  readonly kind: 'document' | 'schema' | 'rule' | 'limit' | 'exception' | 'test';
  /** Id or name; empty for members of the document itself. */
  readonly item: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** Of something changed: each member that differs. Of something added or removed: what it says. */
  readonly members: readonly MemberChange[];
}

/** Lists of plain values are sets: only what came and went is named. */
export interface MemberChange {
  /** Dotted path, for instance `match.destination.hosts`. */
  readonly path: string;
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
}

/** Documents by name; the order of rules means nothing and is not compared. */
export type NamedDocuments = ReadonlyMap<string, PolicyDocument>;

const SECTIONS = [
  ['schema', 'schemas', 'id'],
  ['rule', 'rules', 'id'],
  ['limit', 'limits', 'id'],
  ['exception', 'exceptions', 'id'],
  ['test', 'tests', 'name'],
] as const;

/** What a left-out member means; written out or not, it is the same. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, JsonValue>>>> = {
  rule: { enabled: true, path: 'deny_ambiguous', priority: 0, shadow: false },
  limit: { mode: 'hard_stop' },
};

/** What changed from one set of canonical documents to another, in the order of names. */
export function policyDifference(before: NamedDocuments, after: NamedDocuments): readonly ItemChange[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => documentChanges(name, before.get(name), after.get(name)));
}

function documentChanges(
  document: string,
  before: PolicyDocument | undefined,
  after: PolicyDocument | undefined,
): readonly ItemChange[] {
  const own = change({ document, kind: 'document', item: '' }, ownMembers(before), ownMembers(after));
  const items = SECTIONS.flatMap(([kind, section, name]) => {
    const old = itemsOf(before, section, name);
    const now = itemsOf(after, section, name);
    const ids = [...new Set([...old.keys(), ...now.keys()])].sort();
    return ids.flatMap((item) =>
      change({ document, kind, item }, withDefaults(kind, old.get(item)), withDefaults(kind, now.get(item))),
    );
  });
  return [...own, ...items];
}

type Item = Readonly<Record<string, JsonValue>>;

/** A document is plain JSON, so its members are, too. */
function membersOf(document: PolicyDocument): Item {
  return document as unknown as Item;
}

function ownMembers(document: PolicyDocument | undefined): Item | undefined {
  if (document === undefined) return undefined;
  const sections: readonly string[] = SECTIONS.map(([, section]) => section);
  return Object.fromEntries(Object.entries(membersOf(document)).filter(([key]) => !sections.includes(key)));
}

function itemsOf(
  document: PolicyDocument | undefined,
  section: string,
  name: string,
): ReadonlyMap<string, Item> {
  const list = document === undefined ? undefined : membersOf(document)[section];
  const items = Array.isArray(list) ? (list as readonly Item[]) : [];
  return new Map(items.map((item) => [String(item[name] ?? encodeJcs(item)), item]));
}

function withDefaults(kind: string, item: Item | undefined): Item | undefined {
  return item && { ...DEFAULTS[kind], ...item };
}

function change(
  what: Pick<ItemChange, 'document' | 'kind' | 'item'>,
  before: Item | undefined,
  after: Item | undefined,
): readonly ItemChange[] {
  const members = memberChanges(leavesOf(before), leavesOf(after));
  if (members.length === 0) return [];
  const kind = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [{ ...what, change: kind, members }];
}

type Leaves = ReadonlyMap<string, JsonValue>;

/** Members by dotted path; a list is one leaf. */
function leavesOf(value: Item | undefined, path = ''): Leaves {
  const leaves = new Map<string, JsonValue>();
  for (const [key, member] of Object.entries(value ?? {})) {
    const at = path === '' ? key : `${path}.${key}`;
    if (isObject(member)) for (const [inner, leaf] of leavesOf(member, at)) leaves.set(inner, leaf);
    else leaves.set(at, member);
  }
  return leaves;
}

function memberChanges(before: Leaves, after: Leaves): readonly MemberChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => memberChange(path, before.get(path), after.get(path)));
}

function memberChange(
  path: string,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): readonly MemberChange[] {
  const old = setOf(before);
  const now = setOf(after);
  if (old !== undefined && now !== undefined) {
    const added = [...now].filter((one) => !old.has(one)).sort();
    const removed = [...old].filter((one) => !now.has(one)).sort();
    if (added.length + removed.length === 0) return [];
    return [{ path, ...(added.length ? { added } : {}), ...(removed.length ? { removed } : {}) }];
  }
  const isSame = before !== undefined && after !== undefined && textOf(before) === textOf(after);
  if (isSame) return [];
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

function setOf(value: JsonValue | undefined): ReadonlySet<string> | undefined {
  if (!Array.isArray(value)) return undefined;
  return new Set(value.map((item: JsonValue) => (typeof item === 'string' ? item : textOf(item))));
}

function textOf(value: JsonValue): string {
  return encodeJcs([value]).slice(1, -1);
}

function isObject(value: JsonValue): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
