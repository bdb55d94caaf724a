import { HeldNames } from './held_names.ts';
import type { JsonLimits } from './json_limits.ts';
import type { JsonCode } from './json_problem.ts';
import type { JsonScalar, JsonSink } from './json_sink.ts';
import { STATE } from './json_table.ts';
import { Nesting } from './nesting.ts';

/** What is open in a text, what the limits say to it, and who is told. Each step answers with what is wrong with it. */
export class JsonStructure {
  readonly #limits: JsonLimits;
  readonly #sink: JsonSink | undefined;
  readonly #forbidden: ReadonlySet<string>;
  readonly #holdsNames: boolean;
  readonly #nesting = new Nesting();
  readonly #names: HeldNames;

  constructor(limits: JsonLimits, sink: JsonSink | undefined) {
    this.#limits = limits;
    this.#sink = sink;
    this.#forbidden = new Set(limits.forbiddenKeys);
    this.#holdsNames = limits.duplicateKeys === 'refuse';
    this.#names = new HeldNames(limits.namesBytesMax);
  }

  clear(): void {
    this.#nesting.clear();
    this.#names.clear();
  }

  pointer(): string {
    return this.#nesting.pointer();
  }

  /** Room of the receiver for the next scalar, see JsonSink. */
  get room(): number | undefined {
    return this.#sink?.room;
  }

  /** Where the reader stands behind a value. */
  get stateBehindValue(): number {
    if (this.#nesting.depth === 0) return STATE.done;
    return this.#nesting.isObject ? STATE.afterMember : STATE.afterElement;
  }

  /** Where the reader stands behind a comma. */
  get stateBehindComma(): number {
    return this.#nesting.isObject ? STATE.key : STATE.value;
  }

  open(isObject: boolean, offset: number): JsonCode | undefined {
    if (this.#nesting.depth >= this.#limits.depthMax) return 'TOO_DEEP';
    const code = this.#sink?.open(isObject ? 'object' : 'array', offset);
    if (code !== undefined) return code;
    this.#nesting.open(isObject);
    if (isObject && this.#holdsNames) this.#names.open();
    return undefined;
  }

  close(end: number): JsonCode | undefined {
    if (this.#nesting.isObject && this.#holdsNames) this.#names.close();
    this.#nesting.close();
    return this.#sink?.close(end);
  }

  key(name: string, offset: number): JsonCode | undefined {
    this.#nesting.name(name);
    if (this.#forbidden.has(name)) return 'FORBIDDEN_KEY';
    const code = this.#holdsNames ? this.#names.add(name) : undefined;
    return code ?? this.#sink?.key(name, offset);
  }

  scalar(value: JsonScalar | undefined, offset: number, end: number): JsonCode | undefined {
    return this.#sink?.scalar(value, offset, end);
  }

  comma(): JsonCode | undefined {
    const count = this.#nesting.next();
    if (this.#nesting.isObject) return count >= this.#limits.membersMax ? 'TOO_MANY_MEMBERS' : undefined;
    return count >= this.#limits.elementsMax ? 'TOO_MANY_ELEMENTS' : undefined;
  }
}
