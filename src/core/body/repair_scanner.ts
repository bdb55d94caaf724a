import { utf8DecodeStrict } from '../canonical/utf8.ts';
import { commentAt } from './repair_comment.ts';
import type { Edit, EditKind } from './repair_edit.ts';
import { doubleQuotedEnd, singleQuoted } from './repair_quotes.ts';

/** What the token before was, as far as a defect can depend on it. */
type Before = 'start' | 'open' | 'comma' | 'colon' | 'value';

const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/;
const NAME_BYTES_MAX = 256;
/** As keys of other notations these are not strings, or not these. */
const NOT_NAMES: ReadonlySet<string> = new Set([
  'true',
  'false',
  'null',
  'True',
  'False',
  'None',
  'undefined',
  'NaN',
  'Infinity',
]);
const DELIMITERS = new Set('{}[],:"\'/ \t\r\n`'.split('').map((character) => character.charCodeAt(0)));

/**
 * Finds the edits a text needs, token by token. It stops at the first thing it does not understand or may not edit:
 * whatever it leaves there is no JSON, so that the strict checker refuses the text at that place.
 */
export class RepairScanner {
  readonly #bytes: Uint8Array;
  readonly #to: number;
  readonly #kinds: ReadonlySet<EditKind>;
  readonly #editsMax: number;
  readonly #edits: Edit[] = [];
  /** Open brackets, and the place of a comma that turns out to be trailing if a bracket closes next. */
  readonly #open: ('{' | '[')[] = [];
  #comma: number | undefined;
  #before: Before = 'start';
  /** A bare word where a key is due. */
  #word: Edit | undefined;

  constructor(bytes: Uint8Array, to: number, kinds: ReadonlySet<EditKind>, editsMax: number) {
    this.#bytes = bytes;
    this.#to = to;
    this.#kinds = kinds;
    this.#editsMax = editsMax;
  }

  /** The edits in order; one more than `editsMax` when there are too many. */
  scan(from: number): readonly Edit[] {
    let at: number | undefined = from;
    while (at !== undefined && at < this.#to && this.#edits.length <= this.#editsMax) at = this.#step(at);
    return this.#edits.sort((a, b) => a.offset - b.offset).slice(0, this.#editsMax + 1);
  }

  /** Takes one token; returns the place behind it, undefined to stop. */
  #step(at: number): number | undefined {
    const character = String.fromCharCode(this.#bytes[at] as number);
    if (' \t\r\n'.includes(character)) return at + 1;
    if (character === '/') return this.#comment(at);
    const name = this.#word;
    this.#word = undefined;
    if (name !== undefined && character === ':') this.#add([name]);
    switch (character) {
      case '{':
      case '[':
        this.#open.push(character);
        return this.#pass('open', at + 1);
      case '}':
      case ']':
        return this.#close(at);
      case ',':
        this.#comma = this.#before === 'value' ? at : undefined;
        return this.#pass('comma', at + 1);
      case ':':
        return this.#pass('colon', at + 1);
      case '"':
        return this.#pass('value', doubleQuotedEnd(this.#bytes, at, this.#to));
      case "'":
        return this.#quoted(at);
      default:
        return this.#bare(at);
    }
  }

  #pass(token: Before, next: number | undefined): number | undefined {
    this.#before = token;
    return next;
  }

  #close(at: number): number | undefined {
    if (this.#before === 'comma' && this.#comma !== undefined) {
      if (!this.#add([{ offset: this.#comma, kind: 'trailing_comma', removed: 1, text: '' }]))
        return undefined;
    }
    this.#open.pop();
    return this.#pass('value', at + 1);
  }

  #comment(at: number): number | undefined {
    const comment = commentAt(this.#bytes, at, this.#to);
    if (comment === undefined) return undefined;
    const { end, text } = comment;
    // What leaves the text is not seen by the checker any more.
    if (!utf8DecodeStrict(this.#bytes.subarray(at, end)).ok) return undefined;
    return this.#add([{ offset: at, kind: 'comment', removed: end - at, text }]) ? end : undefined;
  }

  #quoted(at: number): number | undefined {
    const string = singleQuoted(this.#bytes, at, this.#to);
    return string !== undefined && this.#add(string.edits) ? this.#pass('value', string.end) : undefined;
  }

  /** A number, a literal, or a key without quotes, which shows at the colon. */
  #bare(at: number): number | undefined {
    let end = at;
    while (end < this.#to && !DELIMITERS.has(this.#bytes[end] as number)) end += 1;
    if (end === at) return undefined;
    const isKeyDue = this.#open.at(-1) === '{' && (this.#before === 'open' || this.#before === 'comma');
    if (isKeyDue) {
      if (end - at > NAME_BYTES_MAX) return undefined;
      const name = String.fromCharCode(...this.#bytes.subarray(at, end));
      if (!NAME.test(name) || NOT_NAMES.has(name)) return undefined;
      this.#word = { offset: at, kind: 'unquoted_key', removed: end - at, text: `"${name}"` };
    }
    return this.#pass('value', end);
  }

  #add(edits: readonly Edit[]): boolean {
    if (!edits.every(({ kind }) => this.#kinds.has(kind))) return false;
    for (const edit of edits) this.#edits.push(edit);
    return true;
  }
}
