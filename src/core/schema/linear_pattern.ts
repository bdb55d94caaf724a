import { fail, ok, type Result } from '../result.ts';
import { type Program, programOf, type State } from './pattern_program.ts';
import { type Place, readPattern } from './pattern_syntax.ts';

const WORD = /^\w$/;
const ASCII = 128;
/** Beyond so many different steps they are taken one by one and not remembered. */
const STEPS_KEPT_MAX = 500;

/** Where the machine can be between two characters inside a text, and where each character leads from there. */
interface Step {
  /** It is remembered: others may point to it. */
  isKept: boolean;
  readonly isFound: boolean;
  /** States that take a character. */
  readonly takers: readonly number[];
  /** By ASCII character, as far as they came up. */
  readonly next: (Step | undefined)[];
}

/** States that may still be entered, by all patterns of a schema together. */
export interface PatternMeter {
  states: number;
}

const UNMETERED: PatternMeter = { states: Number.POSITIVE_INFINITY };

/** A regular expression that no text can make slow: every character is looked at once, in all states together. */
export class LinearPattern {
  readonly #source: string;
  readonly #states: readonly State[];
  readonly #start: number;
  readonly #hasBorders: boolean;
  /** The round in which a state was entered last, so that none is entered twice. */
  readonly #entered: Int32Array;
  #round = 0;
  readonly #steps = new Map<string, Step>();
  readonly #meter: PatternMeter;
  /** States that were entered by the last test; at most one more than its characters, times STATES_MAX. */
  work = 0;

  constructor(source: string, { states, start }: Program, meter: PatternMeter) {
    this.#source = source;
    this.#meter = meter;
    this.#states = states;
    this.#start = start;
    this.#hasBorders = states.some((state) => state.kind === 'at' && /border/.test(state.place));
    this.#entered = new Int32Array(states.length);
  }

  /** Whether it matches anywhere in the text. */
  test(text: string): boolean {
    this.work = 0;
    this.#round = 0;
    this.#entered.fill(0);
    if (this.#steps.size >= STEPS_KEPT_MAX) this.#steps.clear();
    const first = this.#follow([this.#start], text, 0);
    if (first.isFound || text.length === 0) return first.isFound;
    return this.#goOn(text, first);
  }

  toString(): string {
    return `/${this.#source}/u`;
  }

  #goOn(text: string, first: Step): boolean {
    let step = first;
    let at = 0;
    while (true) {
      const code = text.codePointAt(at) ?? 0;
      at += code > 0xffff ? 2 : 1;
      const isInside = at < text.length && !this.#hasBorders;
      const known = isInside && code < ASCII ? step.next[code] : undefined;
      const next = known ?? this.#after(step, code, text, at, isInside);
      if (next.isFound || at >= text.length) return next.isFound;
      if (next.isKept && code < ASCII) step.next[code] = next;
      step = next;
    }
  }

  #after(step: Step, code: number, text: string, at: number, isInside: boolean): Step {
    const character = String.fromCodePoint(code);
    const reached = [this.#start];
    for (const index of step.takers) {
      const state = this.#states[index];
      if (state?.kind === 'one' && state.takes(character, code)) reached.push(state.next);
    }
    if (!isInside) return this.#follow(reached, text, at);
    const key = reached.join();
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const followed = this.#follow(reached, text, at);
    followed.isKept = this.#steps.size < STEPS_KEPT_MAX;
    if (followed.isKept) this.#steps.set(key, followed);
    return followed;
  }

  /** Everything that follows at this place without a character. */
  #follow(reached: readonly number[], text: string, at: number): Step {
    this.#round += 1;
    const takers: number[] = [];
    const open = [...reached];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (this.#entered[index] === this.#round) continue;
      this.#entered[index] = this.#round;
      this.work += 1;
      if (--this.#meter.states < 0) throw new Error('a pattern takes too long');
      const state = this.#states[index];
      if (state === undefined || state.kind === 'found')
        return { isKept: false, isFound: true, takers, next: [] };
      if (state.kind === 'one') takers.push(index);
      else if (state.kind === 'split') open.push(...state.next);
      else if (isAt(state.place, text, at)) open.push(state.next);
    }
    return { isKept: false, isFound: false, takers, next: [] };
  }
}

function isAt(place: Place, text: string, at: number): boolean {
  if (place === 'start') return at === 0;
  if (place === 'end') return at === text.length;
  const isBorder = WORD.test(text[at - 1] ?? '') !== WORD.test(text[at] ?? '');
  return isBorder === (place === 'border');
}

/** The problem completes a sentence that begins with the pattern. */
export function linearPattern(source: string, meter = UNMETERED): Result<LinearPattern, string> {
  const tree = readPattern(source);
  if (!tree.ok) return fail(tree.problem);
  const program = programOf(tree.value);
  return program.ok ? ok(new LinearPattern(source, program.value, meter)) : program;
}
