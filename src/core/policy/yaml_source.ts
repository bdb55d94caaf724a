import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  Parser,
  type YAMLMap,
} from 'yaml';
import type { JsonValue } from '../canonical/json_value.ts';
import { fail, ok, type Result } from '../result.ts';
import { mistake, quoted } from './mistakes.ts';
import type { Place, PlacedMistake, SourceTree } from './source.ts';
import { checkTokens } from './yaml_tokens.ts';

const CORE_TAGS = new Set(
  ['map', 'seq', 'str', 'int', 'float', 'bool', 'null'].map((t) => `tag:yaml.org,2002:${t}`),
);
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Parses in three steps, so that hostile text is refused before the recursive step sees it: tokens, checks, tree. */
export function readYaml(text: string): Result<SourceTree, readonly PlacedMistake[]> {
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const refused = checkTokens(tokens);
  if (refused) return fail([{ ...refused.mistake, place: placeOf(refused.offset) }]);
  const composer = new Composer({ version: '1.2', schema: 'core', merge: false, logLevel: 'silent' });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document] = documents;
  if (document === undefined) throw new Error('the composer always yields a document');
  const found: PlacedMistake[] = [];
  for (const error of document.errors) found.push({ ...syntaxMistake(error), place: placeOf(error.pos[0]) });
  if (found.length > 0) return fail(found);
  const reader = new TreeReader(found, placeOf);
  const value = document.contents === null ? null : reader.read(document.contents, '');
  return found.length > 0
    ? fail(found)
    : ok({ value, locate: (pointer, at) => placeOf(offsetOf(document, pointer, at)) });
}

function syntaxMistake(error: { code: string; message: string }) {
  const message = error.message.split('\n', 1)[0] ?? '';
  if (error.code === 'DUPLICATE_KEY') {
    return mistake('DUPLICATE_KEY', '', 'the same key stands twice in one mapping', 'keep one of them');
  }
  return mistake('YAML_SYNTAX', '', message.charAt(0).toLowerCase() + message.slice(1), 'fix the YAML');
}

/** Turns the tree into plain values. Depth is already bounded by the token check. */
class TreeReader {
  private readonly found: PlacedMistake[];
  private readonly placeOf: (offset: number) => Place;

  constructor(found: PlacedMistake[], placeOf: (offset: number) => Place) {
    this.found = found;
    this.placeOf = placeOf;
  }

  read(node: Node | null, pointer: string): JsonValue {
    if (node === null) return null;
    this.refuseTag(node, pointer);
    if (isAlias(node)) return null;
    if (isMap(node)) return this.mapping(node as YAMLMap<ParsedNode, ParsedNode | null>, pointer);
    if (isSeq(node)) return node.items.map((item, i) => this.read(item as Node | null, `${pointer}/${i}`));
    return isScalar(node) ? this.scalar(node.value, node, pointer) : null;
  }

  private mapping(node: YAMLMap<ParsedNode, ParsedNode | null>, pointer: string): JsonValue {
    const members: Record<string, JsonValue> = {};
    for (const { key, value } of node.items) {
      const name: unknown = isScalar(key) ? key.value : undefined;
      if (typeof name !== 'string' || name === '__proto__' || LONE_SURROGATE.test(name)) {
        this.add(key, 'KEY_INVALID', pointer, 'a key is not plain text', 'write keys as text');
        continue;
      }
      this.refuseTag(key, pointer);
      members[name] = this.read(value, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
    return members;
  }

  private scalar(value: unknown, node: Node, pointer: string): JsonValue {
    if (typeof value === 'string') {
      if (!LONE_SURROGATE.test(value)) return value;
      this.add(node, 'TEXT_INVALID', pointer, 'the text holds half a character', 'write the whole character');
      return '';
    }
    // -0 has no canonical form, and nobody means anything by it.
    if (typeof value === 'number') return value === 0 ? 0 : value;
    return typeof value === 'boolean' ? value : null;
  }

  private refuseTag(node: Node, pointer: string): void {
    const { tag } = node;
    if (tag === undefined || CORE_TAGS.has(tag)) return;
    this.add(node, 'TAG_REFUSED', pointer, `found the tag ${quoted(tag)}`, 'remove the tag');
  }

  private add(node: Node, code: string, pointer: string, message: string, hint: string): void {
    this.found.push({ ...mistake(code, pointer, message, hint), place: this.placeOf(node.range?.[0] ?? 0) });
  }
}

/** Follows a pointer as far as the tree goes. */
function offsetOf(document: Document.Parsed, pointer: string, at: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  const parts = pointer.split('/').slice(1);
  for (const [depth, part] of parts.entries()) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === name) : undefined;
    const child: unknown = pair ? pair.value : isSeq(node) ? node.items[Number(name)] : undefined;
    if (pair && (at === 'key' || child === null) && depth === parts.length - 1) {
      return (pair.key as Node).range?.[0] ?? offset;
    }
    if (child === undefined || child === null) return offset;
    node = child as Node;
    offset = node.range?.[0] ?? offset;
  }
  return offset;
}
