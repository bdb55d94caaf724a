import { randomUUID } from 'node:crypto';
import type { IdentityFact } from '../core/identity/principal.ts';
import type { LimitDemand } from '../core/policy/compiled.ts';
import { normalise } from '../core/request/normalise.ts';
import { ok } from '../core/result.ts';
import { decide } from '../core/verdict/decide.ts';
import type { AppendResult } from '../core/verdict/proposal.ts';
import type { ReasonCode } from '../core/verdict/reasons.ts';
import { decodeCheck } from './codec/check_request.ts';
import { encodeDenial } from './codec/check_response.ts';
import type { CheckDependencies } from './dependencies.ts';
import { type Call, proposalOf } from './propose.ts';
import { encodeRecorded, encodeRefused } from './reply.ts';
import type { Seat } from './sleepers.ts';

const US_PER_MS = 1_000;
/** How often one call is judged at most: each change of policy or registry meanwhile sends it back. */
const JUDGEMENTS_MAX = 4;

/** The Envoy that asks, as its configuration names itself in the metadata of the call. */
export interface Caller extends Pick<Call, 'node' | 'epoch'> {
  /** W3C trace context of the call. */
  readonly traceparent?: string;
}
export type Check = (bytes: Uint8Array, caller: Caller | undefined) => Promise<Uint8Array>;

/**
 * One Check from bytes to bytes; never rejects. A client or an Envoy that gives up does not stop it: what was judged
 * is recorded, and a repeated call finds that record.
 */
export function createCheck(deps: CheckDependencies): Check {
  return async (bytes, caller) => {
    const startedUs = deps.clock.monoUs();
    const decoded = decodeCheck(bytes);
    if (!decoded.ok) return failClosed(deps, startedUs, new Error(decoded.problem), randomUUID());
    const check = decoded.value;
    const span = deps.trace?.(caller?.traceparent);
    try {
      if (caller === undefined) throw new Error('the call does not name its Envoy');
      const request = normalise(check.raw, { ports: deps.settings.selfPorts });
      return await answer(deps, {
        ...caller,
        check,
        request,
        receiptId: deps.ids.receiptId(),
        startedUs,
        span,
      });
    } catch (cause) {
      span?.end({ reason: 'INTERNAL', recorded: false, receiptId: '' });
      return failClosed(deps, startedUs, cause, check.requestId);
    }
  };
}

async function answer(deps: CheckDependencies, call: Call): Promise<Uint8Array> {
  const seat = deps.sleepers.seat();
  try {
    return await answerFrom(deps, call, seat);
  } finally {
    seat.leave();
  }
}

async function answerFrom(deps: CheckDependencies, call: Call, seat: Seat): Promise<Uint8Array> {
  let { verdict, proposal, appended } = await judgeAndRecord(deps, call, seat);
  for (let judged = 1; isStale(appended) && judged < JUDGEMENTS_MAX && hasTime(deps, call); judged++) {
    // The recorder knows a newer policy. Nothing was recorded, so the call is judged again under its own id.
    ({ verdict, proposal, appended } = await judgeAndRecord(deps, call, seat));
  }
  const folded = !appended.ok && typeof appended.problem === 'object';
  const reason = reasonOf(appended);
  deps.metrics.checked(reason, appended.ok || folded, deps.clock.monoUs() - call.startedUs);
  call.span?.end({ reason, recorded: appended.ok, receiptId: call.receiptId });
  if (!appended.ok) return encodeRefused(call, proposal, appended.problem);
  const isHere = await heldBack(deps, seat, appended.value);
  if (!isHere) return encodeRefused(call, proposal, 'RECORDER_BUSY');
  return encodeRecorded(deps.settings.stamp, call, proposal, verdict, appended.value);
}

type Appended = Awaited<ReturnType<CheckDependencies['recorder']['append']>>;

function isStale(appended: Appended): boolean {
  return !appended.ok && appended.problem === 'STALE_SNAPSHOT';
}

/** Envoy still waits. */
function hasTime(deps: CheckDependencies, { startedUs }: Call): boolean {
  return (deps.clock.monoUs() - startedUs) / US_PER_MS < deps.settings.checkTimeoutMs;
}

function reasonOf(appended: Appended): ReasonCode {
  if (appended.ok) return appended.value.reason;
  return typeof appended.problem === 'object' ? appended.problem.reason : appended.problem;
}

/** Waits for the slot that is reserved and recorded by now, even when the client has left: an abort still consumes. */
async function heldBack(deps: CheckDependencies, seat: Seat, { delay_ms }: AppendResult): Promise<boolean> {
  if (delay_ms === undefined) return true;
  deps.metrics.delayed?.(delay_ms);
  return await seat.wait(delay_ms);
}

/** Under ONE snapshot. The answer exists only after the record is on stable storage. */
async function judgeAndRecord(deps: CheckDependencies, call: Call, seat: Seat) {
  const snapshot = deps.snapshot();
  const { raw, transport } = call.check;
  const now_ms = deps.clock.nowMs();
  const identity = await snapshot.authenticate({ mode: raw.mode, headers: raw.headers, transport, now_ms });
  const request = call.request.ok ? ok(call.request.value.request) : call.request;
  const lapse = snapshot.policyLapse?.(now_ms);
  const { verdict, demands } = decide(snapshot.policy, identity, request, { lapse, atMs: now_ms });
  const delay_max_ms = bearableDelay(deps, call, seat, identity, demands);
  const proposal = proposalOf(deps, call, { snapshot, identity, lapse, verdict, demands, delay_max_ms });
  if (identity.ok) for (const what of identity.degraded ?? []) deps.metrics.degraded?.(what);
  const recorded = call.span?.recording();
  const appended = await deps.recorder.append(proposal);
  recorded?.();
  return { verdict, proposal, appended };
}

/** How long the answer could be held back; a place to wait in is taken before the slot is asked for. */
function bearableDelay(
  deps: CheckDependencies,
  call: Call,
  seat: Seat,
  identity: IdentityFact,
  demands: readonly LimitDemand[],
): number | undefined {
  if (!identity.ok || !demands.some(({ op }) => op.mode === 'throttle')) return undefined;
  const { tenant_id, agent_id } = identity.principal;
  const elapsedMs = (deps.clock.monoUs() - call.startedUs) / US_PER_MS;
  return seat.bearableMs(`${tenant_id}/${agent_id}`, deps.settings.checkTimeoutMs - elapsedMs);
}

/** Whatever nobody foresaw becomes a bland 503 here and only here; the cause stays in the log, under the same id. */
function failClosed(deps: CheckDependencies, startedUs: number, cause: unknown, requestId: string) {
  deps.log.error({ request_id: requestId, err: cause }, 'check failed closed');
  deps.metrics.checked('INTERNAL', false, deps.clock.monoUs() - startedUs);
  return encodeDenial({ reason: 'INTERNAL', mode: 'explicit', requestId });
}
