/** One call that a model asks for. */
export interface ToolCall {
  /** As the provider numbers it, for people: choice and index, or the name of an item. */
  readonly key: string;
  readonly id?: string;
  readonly name: string;
  /** Text of JSON as the model wrote it; it need not be JSON. */
  readonly arguments: string;
  /** Who runs it; what the provider runs has happened when it is read here. */
  readonly run_by: 'client' | 'provider';
}

export const TOOL_CALLS_MAX = 256;
/** UTF-16 units of the arguments of all calls of an answer together. */
export const ARGUMENTS_UNITS_MAX = 1_048_576;

export type ToolCallIssue =
  | 'TOO_MANY_CALLS'
  | 'ARGUMENTS_TOO_BIG'
  /** A fragment of no call that was begun, or of one that has ended. */
  | 'FRAGMENT_ORPHAN'
  /** The name or the id of a call changes under way: clients disagree about which counts. */
  | 'CALL_CHANGED'
  /** The whole arguments at the end are not what the fragments make. */
  | 'ARGUMENTS_DISAGREE';

interface Open {
  readonly key: string;
  id: string | undefined;
  name: string;
  readonly fragments: string[];
  readonly run_by: 'client' | 'provider';
  done: ToolCall | undefined;
}

/** Puts calls together from their fragments, in bounded memory. An issue is for ever: what is missing cannot be judged. */
export class ToolCalls {
  readonly #calls = new Map<string, Open>();
  readonly #issues = new Set<ToolCallIssue>();
  readonly #ended: ToolCall[] = [];
  #units = 0;

  get issues(): readonly ToolCallIssue[] {
    return [...this.#issues];
  }

  /** Of the arguments of all calls so far. */
  get units(): number {
    return this.#units;
  }

  /** Calls whose arguments are whole, in the order in which they were begun. */
  get done(): readonly ToolCall[] {
    return [...this.#calls.values()].flatMap(({ done }) => done ?? []);
  }

  /** Whether a call was begun and has not ended. */
  get isOpen(): boolean {
    return [...this.#calls.values()].some(({ done }) => done === undefined);
  }

  /** Names of all calls, in the order in which they were begun; empty where a name is still to come. */
  get begun(): readonly string[] {
    return [...this.#calls.values()].map(({ name }) => name);
  }

  /** Those that have ended since this was asked last. */
  takeEnded(): readonly ToolCall[] {
    return this.#ended.splice(0);
  }

  has(key: string): boolean {
    return this.#calls.has(key);
  }

  /** Begins a call, or repeats what is known of it. */
  begin(
    key: string,
    call: { id?: string | undefined; name?: string | undefined; run_by?: Open['run_by'] },
  ): undefined {
    const known = this.#calls.get(key);
    if (known !== undefined) this.#repeat(known, call);
    else if (this.#calls.size >= TOOL_CALLS_MAX) this.#issues.add('TOO_MANY_CALLS');
    else {
      const { id, name = '', run_by = 'client' } = call;
      this.#calls.set(key, { key, id, name, fragments: [], run_by, done: undefined });
    }
  }

  append(key: string, fragment: string): undefined {
    const call = this.#calls.get(key);
    if (call === undefined || call.done !== undefined) {
      this.#issues.add('FRAGMENT_ORPHAN');
      return;
    }
    this.#units += fragment.length;
    if (this.#units > ARGUMENTS_UNITS_MAX) this.#issues.add('ARGUMENTS_TOO_BIG');
    else if (fragment !== '') call.fragments.push(fragment);
  }

  /** Ends a call; `whole` is what the provider says that its arguments are, where it does. */
  end(key: string, whole?: string): undefined {
    const call = this.#calls.get(key);
    if (call === undefined) {
      this.#issues.add('FRAGMENT_ORPHAN');
      return;
    }
    if (whole !== undefined) this.#compare(call, whole);
    this.#finish(call);
  }

  /** Ends every call whose key begins so. */
  endAll(prefix: string): undefined {
    for (const [key, call] of this.#calls) if (key.startsWith(prefix)) this.#finish(call);
  }

  /** Joined once: the fragments are not needed any more. */
  #finish(call: Open): undefined {
    if (call.done !== undefined) return;
    call.done = asCall(call);
    call.fragments.length = 0;
    this.#ended.push(call.done);
  }

  #compare(call: Open, whole: string): undefined {
    if (call.fragments.length === 0 && call.done === undefined) this.append(call.key, whole);
    else if ((call.done?.arguments ?? call.fragments.join('')) !== whole)
      this.#issues.add('ARGUMENTS_DISAGREE');
  }

  #repeat(known: Open, { id, name }: { id?: string | undefined; name?: string | undefined }): undefined {
    const isOther = (a: string | undefined, b: string | undefined) => a && b && a !== b;
    if (isOther(known.id, id) || isOther(known.name, name)) this.#issues.add('CALL_CHANGED');
    known.id ||= id;
    known.name ||= name ?? '';
  }
}

function asCall({ key, id, name, fragments, run_by }: Open): ToolCall {
  return { key, ...(id === undefined ? {} : { id }), name, arguments: fragments.join(''), run_by };
}
