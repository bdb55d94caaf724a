import { EDIT_KINDS } from '../body/repair_edit.ts';
import { SCHEMAS_MAX } from '../contract/body_facts.ts';
import type { RequestDemands, ResponseDemands } from '../contract/demands.ts';
import type { Word } from './ai_predicates.ts';
import { BODY_BYTES_MAX, POLICY_POINTERS_MAX, POLICY_TOOLS_MAX } from './bounds.ts';

/** What a rule asks of bodies by itself, in the form in which demands are added up. */
export interface Contract {
  readonly request?: RequestDemands | undefined;
  readonly response?: ResponseDemands | undefined;
}

/** Somebody reads facts of AI and asks nothing else. More than that nobody holds, and what nobody holds nobody reads. */
export const READING: RequestDemands = Object.freeze({
  format: 'any',
  schemas: [],
  max_bytes: BODY_BYTES_MAX,
  on_oversize: 'deny',
  ai: true,
});

/** Only the answer is looked at: the request takes the same way, and nothing is refused. */
export const ANSWERED: RequestDemands = Object.freeze({
  format: 'any',
  schemas: [],
  max_bytes: BODY_BYTES_MAX,
  on_oversize: 'scan_prefix',
});

/** What allow rules ask of bodies, added up: the strictest of everything. */
export class BodyDemands {
  #isRead = false;
  /** By their spelling; the rules agree when there is one. */
  readonly #words = new Map<string, Word>();
  readonly #requests: RequestDemands[] = [];
  readonly #responses: ResponseDemands[] = [];

  add({ request, response }: Contract): void {
    if (request !== undefined) this.#requests.push(request);
    if (response !== undefined) this.#responses.push(response);
  }

  /** Whether some rule matches depends on what the body is. */
  read(): void {
    this.#isRead = true;
  }

  /** A rule that will allow the request if it is what the rule says. */
  say(word: Word | undefined): void {
    if (word !== undefined) this.#words.set(`${word.kind} ${word.provider ?? ''}`, word);
  }

  get request(): RequestDemands | undefined {
    const [first, ...rest] = this.#requests;
    const sum = first && settled(rest.reduce(strictestRequest, first));
    if (!this.#isRead) return sum;
    const [word, ...others] = this.#words.values();
    return { ...withReading(sum), ...(word === undefined || others.length > 0 ? {} : { word }) };
  }

  get response(): ResponseDemands | undefined {
    const [first, ...rest] = this.#responses;
    return first && rest.reduce(strictestResponse, first);
  }

  /** Rules together ask for more than a receipt holds, so that nothing could be shown later. */
  get isTooMuch(): boolean {
    const { request, response } = this;
    const hashes = new Set([
      ...(request?.schemas ?? []),
      ...(request?.elements ?? []).map((e) => e.schema_hash),
    ]);
    return (
      hashes.size > SCHEMAS_MAX ||
      (request?.elements?.length ?? 0) > SCHEMAS_MAX ||
      (response?.schemas?.length ?? 0) > SCHEMAS_MAX ||
      (response?.strip?.length ?? 0) > POLICY_POINTERS_MAX ||
      (response?.tool_calls?.deny?.length ?? 0) > POLICY_TOOLS_MAX
    );
  }
}

/** Reading for the sake of a limit, beside whatever rules ask. */
export function withReading(asked: RequestDemands | undefined): RequestDemands {
  return asked === undefined ? READING : { ...asked, ai: true };
}

/**
 * Demands by which rules that have no effect get their facts, too: none of them can refuse a request that would go on
 * without them. `seen` is what those rules would ask if they had one.
 */
export function withOnlookers(live: RequestDemands | undefined, seen: RequestDemands): RequestDemands {
  const word = seen.word === undefined ? {} : { word: seen.word };
  const base: RequestDemands = live ?? { ...READING, ...word, on_oversize: 'scan_prefix' };
  const known = new Set([...base.schemas, ...(base.elements ?? []).map(({ schema_hash }) => schema_hash)]);
  const room = SCHEMAS_MAX - known.size;
  const more = seen.schemas.filter((hash) => !known.has(hash)).slice(0, Math.max(0, room));
  // A streamed body would be cut for an element that nobody lives by.
  const elements = base.on_oversize === 'stream' ? [] : (seen.elements ?? []);
  const fitting = elements
    .filter((one) => known.has(one.schema_hash))
    .concat(elements.filter((one) => !known.has(one.schema_hash)).slice(0, Math.max(0, room - more.length)));
  return {
    ...base,
    schemas: [...base.schemas, ...more].sort(),
    ...elementsOf([...(base.elements ?? []), ...fitting]),
    ...(base.ai === true || seen.ai === true ? { ai: true as const } : {}),
  };
}

const FORMATS = ['json', 'json_lines', 'any'] as const;
const ON_OVERSIZE = ['deny', 'stream', 'scan_prefix'] as const;
const INSPECT = ['json', 'sse', 'auto'] as const;
const ON_VIOLATION = ['block', 'strip', 'alert'] as const;

function strictestRequest(a: RequestDemands, b: RequestDemands): RequestDemands {
  const repair = EDIT_KINDS.filter((kind) => a.repair?.includes(kind) && b.repair?.includes(kind));
  return {
    format: firstOf(FORMATS, a.format, b.format),
    schemas: union(a.schemas, b.schemas),
    max_bytes: Math.min(a.max_bytes, b.max_bytes),
    on_oversize: firstOf(ON_OVERSIZE, a.on_oversize, b.on_oversize),
    ...(repair.length > 0 ? { repair } : {}),
    ...elementsOf([...(a.elements ?? []), ...(b.elements ?? [])]),
    ...(a.ask_usage === true && b.ask_usage === true ? { ask_usage: true as const } : {}),
  };
}

/** A schema for the whole of a JSON text, and a repair, want all of it at hand. No rule says otherwise, but several could. */
function settled(asked: RequestDemands): RequestDemands {
  const isWhole = asked.format === 'json' && (asked.schemas.length > 0 || asked.repair !== undefined);
  return isWhole ? { ...asked, on_oversize: 'deny' } : asked;
}

function strictestResponse(a: ResponseDemands, b: ResponseDemands): ResponseDemands {
  const schemas = union(a.schemas ?? [], b.schemas ?? []);
  const strip = union(a.strip ?? [], b.strip ?? []);
  const tool_calls = strictestCalls(a.tool_calls, b.tool_calls);
  return {
    inspect: firstOf(INSPECT, a.inspect, b.inspect),
    ...(schemas.length > 0 ? { schemas } : {}),
    max_bytes: Math.min(a.max_bytes, b.max_bytes),
    on_violation: firstOf(ON_VIOLATION, a.on_violation, b.on_violation),
    ...(strip.length > 0 ? { strip } : {}),
    ...(a.notarize === true || b.notarize === true ? { notarize: true as const } : {}),
    ...(tool_calls === undefined ? {} : { tool_calls }),
    ...(a.on_encoded === 'bypass' && b.on_encoded === 'bypass' ? { on_encoded: 'bypass' as const } : {}),
  };
}

type ToolCalls = NonNullable<ResponseDemands['tool_calls']>;

function strictestCalls(a: ToolCalls | undefined, b: ToolCalls | undefined): ToolCalls | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const deny = union(a.deny ?? [], b.deny ?? []);
  const allow = a.allow && b.allow ? a.allow.filter((name) => b.allow?.includes(name)) : (a.allow ?? b.allow);
  return { ...(allow === undefined ? {} : { allow }), ...(deny.length > 0 ? { deny } : {}) };
}

function elementsOf(elements: NonNullable<RequestDemands['elements']>): Pick<RequestDemands, 'elements'> {
  const byName = new Map(elements.map((one) => [`${one.schema_hash}${one.pointer}`, one]));
  const names = [...byName.keys()].sort();
  const sorted = names.flatMap((name) => byName.get(name) ?? []);
  return sorted.length === 0 ? {} : { elements: sorted };
}

function firstOf<T>(order: readonly T[], a: T, b: T): T {
  return order.indexOf(a) <= order.indexOf(b) ? a : b;
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].sort();
}
