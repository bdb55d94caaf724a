import { fail, ok, type Result } from '../result.ts';
import type { PatternNode, Place } from './pattern_syntax.ts';

/** One state of the machine: takes a character, asks for a place, or goes on to others at once. */
export type State =
  | { readonly kind: 'one'; readonly takes: Takes; next: number }
  | { readonly kind: 'at'; readonly place: Place; next: number }
  | { readonly kind: 'split'; readonly next: number[] }
  | { readonly kind: 'found' };

/** Whether a character is taken. */
export type Takes = (character: string, code: number) => boolean;

export interface Program {
  readonly states: readonly State[];
  readonly start: number;
}

/** After repetitions were written out; the time of a match is at most the length of the text times this. */
export const STATES_MAX = 1_000;
const ASCII = 128;

class TooManyStates extends Error {}
type Repeat = Extract<PatternNode, { readonly kind: 'repeat' }>;

/** The machine of a tree (Thompson's construction, from the end to the beginning). */
export function programOf(node: PatternNode): Result<Program, string> {
  const builder = new Builder();
  try {
    const start = builder.build(node, builder.add({ kind: 'found' }));
    return ok({ states: builder.states, start });
  } catch (error) {
    if (!(error instanceof TooManyStates)) throw error;
    return fail(`needs more than ${STATES_MAX} states once its repetitions are written out`);
  }
}

class Builder {
  readonly states: State[] = [];
  readonly #takes = new Map<string, Takes>();

  add(state: State): number {
    if (this.states.length >= STATES_MAX) throw new TooManyStates();
    return this.states.push(state) - 1;
  }

  /** Adds what matches the node and then goes on at `next`; returns where it begins. */
  build(node: PatternNode, next: number): number {
    if (node.kind === 'one') return this.add({ kind: 'one', takes: this.#takesOf(node.source), next });
    if (node.kind === 'at') return this.add({ kind: 'at', place: node.place, next });
    if (node.kind === 'sequence') return node.parts.reduceRight((to, part) => this.build(part, to), next);
    if (node.kind === 'repeat') return this.#repeat(node, next);
    return this.add({ kind: 'split', next: node.parts.map((part) => this.build(part, next)) });
  }

  #repeat({ part, min, max }: Repeat, next: number): number {
    let to = next;
    if (max === Number.POSITIVE_INFINITY) {
      const again: number[] = [];
      to = this.add({ kind: 'split', next: again });
      again.push(this.build(part, to), next);
    } else {
      for (let i = min; i < max; i += 1) to = this.add({ kind: 'split', next: [this.build(part, to), next] });
    }
    for (let i = 0; i < min; i += 1) {
      to = this.build(part, to);
      // An empty part adds no state, so that nothing else would end a long loop.
      if (part.kind === 'sequence' && part.parts.length === 0) break;
    }
    return to;
  }

  /** A class takes one character, so that the engine of the language can be asked without any risk to time. */
  #takesOf(source: string): Takes {
    const known = this.#takes.get(source);
    if (known !== undefined) return known;
    const pattern = new RegExp(`^${source}$`, 'u');
    const ascii = Array.from({ length: ASCII }, (_, code) => pattern.test(String.fromCharCode(code)));
    const takes: Takes = (character, code) => (code < ASCII ? ascii[code] === true : pattern.test(character));
    this.#takes.set(source, takes);
    return takes;
  }
}
