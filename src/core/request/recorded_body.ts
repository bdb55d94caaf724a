import type { AiFacts, BodyFacts } from '../contract/body_facts.ts';
import type { RequestFacts } from '../receipt/decision.ts';

/** Whether what a receipt says of a body can have been found by anybody who looked at one. */
export function agreesWithBody(facts: RequestFacts): boolean {
  const { body_state, body, protocol } = facts;
  const isCommitted = facts.body_commitment !== undefined;
  const isRepaired = facts.repaired_commitment !== undefined;
  if (body === undefined) {
    return (body_state === 'none' || body_state === 'absent') && !isCommitted && !isRepaired;
  }
  if (protocol === 'connect' || protocol === 'websocket' || body.state !== body_state) return false;
  if (isCommitted && body.state !== 'complete') return false;
  if (isRepaired && body.repair === undefined) return false;
  return agreesWithState(body) && agreesWithTries(body) && (body.ai === undefined || isCall(body.ai));
}

/** Nothing was tried on a body that goes on, or that nobody can read. */
function agreesWithState({ state, bytes, format, schemas, repair, problem }: BodyFacts): boolean {
  if (format === 'none' && (bytes > 0 || state === 'streamed') && problem === undefined) return false;
  if (state === 'complete') return problem === undefined || schemas === undefined;
  return bytes === 0 && schemas === undefined && repair === undefined;
}

/** Each schema once, in the order of their hashes. */
function agreesWithTries({ schemas = [] }: BodyFacts): boolean {
  return schemas.every(({ schema_hash }, i) => i === 0 || (schemas[i - 1]?.schema_hash ?? '') < schema_hash);
}

function isCall({ kind, unknown_reason, provider, endpoint, tools, target }: AiFacts): boolean {
  if ((unknown_reason !== undefined) !== (kind === 'unknown')) return false;
  if (kind !== 'llm') return provider === undefined && endpoint === undefined && tools === undefined;
  return provider !== undefined && endpoint !== undefined && target === undefined;
}
