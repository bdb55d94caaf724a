import type { AiReading } from '../core/ai/ai_request.ts';
import { checkJson } from '../core/body/check_json.ts';
import { JSON_LIMITS } from '../core/body/json_limits.ts';
import type { JsonSink } from '../core/body/json_sink.ts';
import type { EditRecord } from '../core/body/repair_edit.ts';
import type { RepairFacts } from '../core/contract/body_facts.ts';

type RecordedEdit = RepairFacts['edits'][number];

export interface UsageAsked {
  readonly bytes: Uint8Array;
  /** In the order of their offsets, all of the text as it came. */
  readonly edits: readonly RecordedEdit[];
}

const ASKED = '"include_usage":true';

/** A stream of OpenAI's older endpoints, which tell their usage only when asked, and nobody asks. */
export function isSilent(reading: AiReading): boolean {
  if (reading.kind !== 'llm' || reading.dialect !== 'openai' || !reading.stream) return false;
  return (reading.endpoint === 'chat' || reading.endpoint === 'completions') && reading.asks_usage !== true;
}

/** The text with the one member that asks for the usage; nothing else of it changes. `edits` are those made before. */
export function askUsage(bytes: Uint8Array, edits: readonly EditRecord[]): UsageAsked | undefined {
  const place = new UsagePlace();
  if (checkJson(bytes, { ...JSON_LIMITS, bytesMax: bytes.length }, place) !== undefined) return undefined;
  const { offset, removed, text } = place.edit();
  const inserted = new TextEncoder().encode(text);
  const asked = new Uint8Array(bytes.length - removed + inserted.length);
  asked.set(bytes.subarray(0, offset));
  asked.set(inserted, offset);
  asked.set(bytes.subarray(offset + removed), offset + inserted.length);
  const edit: RecordedEdit = {
    offset: placeAsItCame(offset, edits),
    kind: 'usage_asked',
    removed,
    inserted: inserted.length,
  };
  return { bytes: asked, edits: [...edits, edit].sort((a, b) => a.offset - b.offset) };
}

/** Where a byte that no edit made stands in the text as it came. */
function placeAsItCame(offset: number, edits: readonly EditRecord[]): number {
  let shift = 0;
  for (const { offset: at, removed, inserted } of edits) {
    if (offset < at + shift + inserted) break;
    shift += inserted - removed;
  }
  return offset - shift;
}

interface Span {
  readonly from: number;
  to: number;
}

/** Finds where the question belongs, in a text that is known to be a call. */
class UsagePlace implements JsonSink {
  readonly room = undefined;
  #depth = 0;
  readonly #names: string[] = [];
  #options: Span | undefined;
  #isObject = false;
  #hasMembers = false;
  #flag: Span | undefined;
  #end = 0;

  open(kind: 'object' | 'array', offset: number): undefined {
    if (this.#isAt('stream_options')) {
      this.#options = { from: offset, to: offset };
      this.#isObject = kind === 'object';
    }
    this.#depth += 1;
  }

  close(end: number): undefined {
    this.#depth -= 1;
    if (this.#depth === 0) this.#end = end;
    if (this.#isAt('stream_options') && this.#options !== undefined) this.#options.to = end;
  }

  key(name: string): undefined {
    this.#names[this.#depth] = name;
    if (this.#depth === 2 && this.#names[1] === 'stream_options') this.#hasMembers = true;
  }

  scalar(_: unknown, from: number, to: number): undefined {
    if (this.#isAt('stream_options')) this.#options = { from, to };
    if (
      this.#depth === 2 &&
      this.#isObject &&
      this.#names[1] === 'stream_options' &&
      this.#names[2] === 'include_usage'
    )
      this.#flag = { from, to };
  }

  edit(): { readonly offset: number; readonly removed: number; readonly text: string } {
    if (this.#flag !== undefined)
      return { offset: this.#flag.from, removed: this.#flag.to - this.#flag.from, text: 'true' };
    const options = this.#options;
    if (options === undefined)
      return { offset: this.#end - 1, removed: 0, text: `,"stream_options":{${ASKED}}` };
    if (this.#isObject)
      return { offset: options.to - 1, removed: 0, text: `${this.#hasMembers ? ',' : ''}${ASKED}` };
    return { offset: options.from, removed: options.to - options.from, text: `{${ASKED}}` };
  }

  #isAt(name: string): boolean {
    return this.#depth === 1 && this.#names[1] === name;
  }
}
