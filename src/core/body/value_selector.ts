import type { SinkRefusal } from './json_problem.ts';
import type { JsonScalar, JsonSink } from './json_sink.ts';
import type { SelectionNode, Wanted } from './selection.ts';
import { type BuiltValue, ValueBuilder } from './value_builder.ts';

export interface Selected {
  readonly wanted: Wanted;
  /** Of an element of the array at the pointer. */
  readonly index?: number;
  readonly value: BuiltValue;
  /** Bytes of the value: where it begins, and behind its end. */
  readonly offset: number;
  readonly end: number;
}

/** Looks at one value; what it answers ends the reading. */
export type Receive = (selected: Selected) => SinkRefusal | undefined;

/** A container that leads to wanted values. */
interface Frame {
  readonly node: SelectionNode;
  readonly isArray: boolean;
  /** Elements that have ended. */
  count: number;
  name: string;
}

/** Hands out wanted values of a text one at a time, each built in bounded memory; everything else passes by. */
export class ValueSelector implements JsonSink {
  readonly #root: SelectionNode;
  readonly #receive: Receive;
  readonly #builder: ValueBuilder;
  readonly #frames: Frame[] = [];
  /** Open containers that lead nowhere. */
  #skipped = 0;
  /** The value that is being built, and its open containers. */
  #wanted: Wanted | undefined;
  #built = 0;
  #offset = 0;
  /** Pointers at which there was something. */
  readonly found = new Set<string>();

  /** `bytesMax` is that of each value, see ValueBuilder. */
  constructor(root: SelectionNode, bytesMax: number, receive: Receive) {
    this.#root = root;
    this.#receive = receive;
    this.#builder = new ValueBuilder(bytesMax);
  }

  get room(): number | undefined {
    return this.#wanted !== undefined || this.#wantedHere() !== undefined ? this.#builder.room : undefined;
  }

  /** Of the value under way; `offset` is behind all that was read, a token that has not ended included. */
  heldAt(offset: number): number {
    return this.#wanted === undefined ? 0 : Math.max(this.#builder.used, offset - this.#offset);
  }

  open(kind: 'object' | 'array', offset: number): SinkRefusal | undefined {
    this.#begin(offset);
    if (this.#wanted !== undefined) {
      this.#built += 1;
      return this.#builder.open(kind);
    }
    const node = this.#skipped === 0 ? this.#nodeHere() : undefined;
    if (node === undefined) {
      this.#skipped += 1;
      return undefined;
    }
    if (node.wanted !== undefined) this.found.add(node.wanted.pointer);
    if (node.wanted !== undefined && kind === 'object') return 'NOT_AN_ARRAY';
    this.#frames.push({ node, isArray: kind === 'array', count: 0, name: '' });
    return undefined;
  }

  close(end: number): SinkRefusal | undefined {
    if (this.#wanted !== undefined) {
      this.#built -= 1;
      this.#builder.close();
    } else if (this.#skipped > 0) this.#skipped -= 1;
    else this.#frames.pop();
    return this.#ended(end);
  }

  key(name: string): SinkRefusal | undefined {
    if (this.#wanted !== undefined) return this.#builder.key(name);
    const frame = this.#frames.at(-1);
    if (this.#skipped === 0 && frame !== undefined) frame.name = name;
    return undefined;
  }

  scalar(value: JsonScalar | undefined, offset: number, end: number): SinkRefusal | undefined {
    this.#begin(offset);
    if (this.#wanted !== undefined) return this.#builder.scalar(value, offset, end) ?? this.#ended(end);
    const awaited = this.#skipped === 0 ? this.#nodeHere()?.wanted : undefined;
    if (awaited === undefined) return this.#ended(end);
    this.found.add(awaited.pointer);
    return 'NOT_AN_ARRAY';
  }

  /** A value begins that may be a wanted one. */
  #begin(offset: number): void {
    if (this.#wanted !== undefined) return;
    this.#wanted = this.#wantedHere();
    if (this.#wanted === undefined) return;
    this.#offset = offset;
    this.found.add(this.#wanted.pointer);
  }

  #ended(end: number): SinkRefusal | undefined {
    if (this.#skipped > 0 || this.#built > 0) return undefined;
    const frame = this.#frames.at(-1);
    const refusal = this.#wanted === undefined ? undefined : this.#handOut(this.#wanted, frame, end);
    if (frame !== undefined) frame.count += 1;
    return refusal;
  }

  #handOut(wanted: Wanted, frame: Frame | undefined, end: number): SinkRefusal | undefined {
    const value = this.#builder.value ?? null;
    const index = wanted.each && frame !== undefined ? { index: frame.count } : {};
    this.#wanted = undefined;
    this.#builder.clear();
    return this.#receive({ wanted, ...index, value, offset: this.#offset, end });
  }

  /** The wanted value that begins here, if one does. */
  #wantedHere(): Wanted | undefined {
    if (this.#skipped > 0) return undefined;
    const parent = this.#frames.at(-1)?.node.wanted;
    if (parent !== undefined) return parent;
    const here = this.#nodeHere()?.wanted;
    return here?.each === false ? here : undefined;
  }

  #nodeHere(): SelectionNode | undefined {
    const frame = this.#frames.at(-1);
    if (frame === undefined) return this.#root;
    return frame.node.children.get(frame.isArray ? String(frame.count) : frame.name);
  }
}
