import { fail, ok, type Result } from '../result.ts';
import { type Program, programOf, type State } from './pattern_program.ts';
import { type Place, readPattern } from './pattern_syntax.ts';

const WORD = /^\w$/;

/** A regular expression that no text can make slow: every character is looked at once, in all states together. */
export class LinearPattern {
  readonly #source: string;
  readonly #states: readonly State[];
  readonly #start: number;
  /** The step at which a state was entered last, so that none is entered twice. */
  readonly #entered: Int32Array;
  /** States that were entered by the last test; at most one more than its characters, times STATES_MAX. */
  work = 0;

  constructor(source: string, { states, start }: Program) {
    this.#source = source;
    this.#states = states;
    this.#start = start;
    this.#entered = new Int32Array(states.length);
  }

  /** Whether it matches anywhere in the text. */
  test(text: string): boolean {
    this.work = 0;
    this.#entered.fill(-1);
    let current: number[] = [];
    for (let at = 0, step = 0; ; step += 1) {
      if (this.#enter(this.#start, text, at, step, current)) return true;
      const code = text.codePointAt(at);
      if (code === undefined) return false;
      const character = String.fromCodePoint(code);
      const end = at + character.length;
      const next: number[] = [];
      for (const index of current) {
        const state = this.#states[index];
        const takes = state?.kind === 'one' && state.takes(character, code);
        if (takes && this.#enter(state.next, text, end, step + 1, next)) return true;
      }
      current = next;
      at = end;
    }
  }

  toString(): string {
    return `/${this.#source}/u`;
  }

  /** Everything that is reached from a state without a character; true when that is the end. */
  #enter(first: number, text: string, at: number, step: number, into: number[]): boolean {
    const open = [first];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#entered[index] === step) continue;
      this.#entered[index] = step;
      this.work += 1;
      const state = this.#states[index];
      if (state === undefined || state.kind === 'found') return true;
      if (state.kind === 'one') into.push(index);
      else if (state.kind === 'split') open.push(...state.next);
      else if (isAt(state.place, text, at)) open.push(state.next);
    }
    return false;
  }
}

function isAt(place: Place, text: string, at: number): boolean {
  if (place === 'start') return at === 0;
  if (place === 'end') return at === text.length;
  const isBorder = WORD.test(text[at - 1] ?? '') !== WORD.test(text[at] ?? '');
  return isBorder === (place === 'border');
}

/** The problem completes a sentence that begins with the pattern. */
export function linearPattern(source: string): Result<LinearPattern, string> {
  const tree = readPattern(source);
  if (!tree.ok) return fail(tree.problem);
  const program = programOf(tree.value);
  return program.ok ? ok(new LinearPattern(source, program.value)) : program;
}
