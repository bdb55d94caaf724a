import type { IdentityFact } from '../identity/principal.ts';
import type { DecisionRecord } from '../receipt/records.ts';
import { type EgressRequest, REQUEST_PROBLEMS, type RequestProblem } from '../request/egress_request.ts';
import { requestFromFacts } from '../request/facts.ts';
import { fail, ok, type Result } from '../result.ts';
import { type Circumstances, DECISION_SEMANTICS } from './decide.ts';

/** What a recorded decision was made from. Identity and request are facts; nobody can look at them again. */
export interface RecordedInputs {
  readonly identity: IdentityFact;
  readonly request: Result<EgressRequest, RequestProblem>;
  readonly circumstances: Circumstances;
}

/** Undefined: the facts of the record contradict themselves. */
export function inputsOf(record: DecisionRecord): RecordedInputs | undefined {
  const identity = identityOf(record);
  const request = requestOf(record);
  if (identity === undefined || request === undefined) return undefined;
  return { identity, request, circumstances: circumstancesOf(record) };
}

/** Why this record says nothing to this engine. Undefined: it can be judged again. */
export function whyNotReplayable({ engine, replayable }: DecisionRecord): string | undefined {
  if (engine.semantics !== DECISION_SEMANTICS) {
    return `judged with semantics ${engine.semantics}, this is ${DECISION_SEMANTICS}`;
  }
  return replayable ? undefined : 'the record lacks inputs by policy';
}

function identityOf({ identity, identity_problem }: DecisionRecord): IdentityFact | undefined {
  if (identity_problem !== undefined) {
    const known = identity === undefined ? {} : { known_agent: identity };
    return { ok: false, problem: identity_problem, ...known };
  }
  return identity === undefined ? undefined : { ok: true, principal: identity };
}

function requestOf(record: DecisionRecord): Result<EgressRequest, RequestProblem> | undefined {
  const problem = REQUEST_PROBLEMS.find((known) => known === record.request.problem);
  if (problem !== undefined) return fail(problem);
  const request = requestFromFacts(record.request);
  return request === undefined ? undefined : ok(request);
}

/** Where no moment was recorded, none played a part; another policy may need one all the same. */
function circumstancesOf({ policy_lapse, judged_ms, ledger_ms }: DecisionRecord): Circumstances {
  return { lapse: policy_lapse, atMs: judged_ms ?? ledger_ms };
}
