import type { BodyFacts, BodyProblem } from './body_facts.ts';
import type { RequestDemands } from './demands.ts';

/**
 * What becomes of a body that does not honour what is asked of it. `again`: its facts do not answer the question, because
 * they were found for other demands; it has to be looked at once more, and until then nothing is granted.
 */
export type Broken = BodyReason | 'again';

type BodyReason = 'BODY_TOO_LARGE' | 'BODY_TYPE_REFUSED' | 'BODY_INVALID' | 'SCHEMA_INVALID';

/**
 * Whether a body honours the demands of all rules that match it; undefined when it does. The only place where facts
 * about bodies are weighed. `asked` undefined: nobody asks anything of it, and it was looked at for another reason.
 */
export function brokenBy(asked: RequestDemands | undefined, body: BodyFacts): Broken | undefined {
  const { problem, repair } = body;
  // Nobody holds all of such a body, so nobody can let it go on.
  if (problem?.code === 'BODY_TOO_LARGE') return 'BODY_TOO_LARGE';
  if (asked === undefined) return repair === undefined ? undefined : brokenByRepair([], false, repair);
  if (problem !== undefined) return reasonOf(problem);
  return (
    brokenBySize(asked, body) ??
    brokenByFormat(asked, body) ??
    (repair && brokenByRepair(asked.repair ?? [], asked.ask_usage === true, repair)) ??
    brokenBySchemas(asked, body)
  );
}

const OF_TYPE: readonly string[] = [
  'CONTENT_TYPE_MISMATCH',
  'CHARSET_REFUSED',
  'ENCODING_REFUSED',
  'TRAILERS_REFUSED',
];

/** The reason that a receipt gives for a body that nobody can read. */
export function reasonOf({ code }: BodyProblem): BodyReason {
  if (code === 'BODY_TOO_LARGE') return code;
  return OF_TYPE.includes(code) ? 'BODY_TYPE_REFUSED' : 'BODY_INVALID';
}

/** What goes on while it is read is larger than what is held: only rules that say so let it. */
function brokenBySize({ on_oversize, max_bytes }: RequestDemands, { state, bytes }: BodyFacts) {
  if (on_oversize !== 'deny') return undefined;
  return state === 'streamed' || bytes > max_bytes ? 'BODY_TOO_LARGE' : undefined;
}

function brokenByFormat({ format }: RequestDemands, body: BodyFacts) {
  return format === 'any' || format === body.format ? undefined : 'BODY_INVALID';
}

/** Bytes that nobody sent are only forwarded where every rule allows it. */
function brokenByRepair(
  allowed: readonly string[],
  mayAskUsage: boolean,
  { edits }: NonNullable<BodyFacts['repair']>,
): Broken | undefined {
  const others = edits.filter(({ kind }) => kind !== 'usage_asked');
  if (others.some(({ kind }) => !allowed.includes(kind))) return 'BODY_INVALID';
  // The text was in order as it came: without the question it can go on.
  return mayAskUsage || others.length === edits.length ? undefined : 'again';
}

/** Each must have been tried: what nobody tried is not valid. */
function brokenBySchemas({ schemas, elements = [] }: RequestDemands, body: BodyFacts): Broken | undefined {
  // They are tried as the body passes, and a mistake cuts it.
  if (body.state === 'streamed') return undefined;
  const found = new Map((body.schemas ?? []).map((fact) => [fact.schema_hash, fact.is_valid]));
  const wanted = [...schemas, ...elements.map(({ schema_hash }) => schema_hash)];
  if (wanted.some((hash) => found.get(hash) === false)) return 'SCHEMA_INVALID';
  return wanted.every((hash) => found.get(hash) === true) ? undefined : 'again';
}
