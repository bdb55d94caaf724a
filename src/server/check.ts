import { randomUUID } from 'node:crypto';
import { normalise } from '../core/request/normalise.ts';
import type { ReasonCode } from '../core/verdict/reasons.ts';
import { decodeCheck } from './codec/check_request.ts';
import { encodeDenial } from './codec/check_response.ts';
import { isAnsweredAsGrpc } from './codec/grpc_denial.ts';
import type { CheckDependencies } from './dependencies.ts';
import { encodeHeld } from './inspect/hold.ts';
import { type Appended, isHeld, judgeAndRecord } from './judging.ts';
import type { Call } from './propose.ts';
import { encodeRecorded, encodeRefused } from './reply.ts';
import { createSelf } from './self/self.ts';
import { heldBack, type Seat } from './sleepers.ts';
import { enterTunnel } from './tunnel.ts';

/** The Envoy that asks, as its configuration names itself in the metadata of the call. */
export interface Caller extends Pick<Call, 'node' | 'epoch'> {
  /** Of the tunnel that the request came through. */
  readonly ticket?: string;
  /** W3C trace context of the call. */
  readonly traceparent?: string;
}
export type Check = (bytes: Uint8Array, caller: Caller | undefined) => Promise<Uint8Array>;

/**
 * One Check from bytes to bytes; never rejects. A client or an Envoy that gives up does not stop it: what was judged
 * is recorded, and a repeated call finds that record.
 */
export function createCheck(deps: CheckDependencies): Check {
  const answerSelf = createSelf(deps);
  return async (bytes, caller) => {
    const startedUs = deps.clock.monoUs();
    const decoded = decodeCheck(bytes);
    if (!decoded.ok) return failClosed(deps, startedUs, new Error(decoded.problem), randomUUID());
    const check = decoded.value;
    const span = deps.trace?.(caller?.traceparent);
    try {
      if (caller === undefined) throw new Error('the call does not name its Envoy');
      const { node, epoch } = caller;
      const asked = answerSelf(check);
      const told = asked === undefined ? undefined : await asked;
      if (told !== undefined) return told;
      const entered = enterTunnel(deps, check, caller);
      const request = normalise(entered.check.raw, { ports: deps.settings.selfPorts });
      return await answer(deps, {
        ...{ node, epoch },
        ...entered,
        request,
        receiptId: deps.ids.receiptId(),
        startedUs,
        span,
      });
    } catch (cause) {
      span?.end({ reason: 'INTERNAL', recorded: false, receiptId: '' });
      return failClosed(deps, startedUs, cause, check.requestId, isAnsweredAsGrpc(check.raw));
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
  const judged = await judgeAndRecord(deps, call, seat);
  if (isHeld(judged)) {
    deps.metrics.held?.(deps.clock.monoUs() - call.startedUs);
    call.span?.end({ reason: 'BODY_NOT_COMPLETED', recorded: false, receiptId: call.receiptId });
    return encodeHeld(deps, call, judged);
  }
  const { proposal, appended } = judged;
  const folded = !appended.ok && typeof appended.problem === 'object';
  const reason = reasonOf(appended);
  deps.metrics.checked(reason, appended.ok || folded, deps.clock.monoUs() - call.startedUs);
  call.span?.end({ reason, recorded: appended.ok, receiptId: call.receiptId });
  if (!appended.ok) return encodeRefused(call, proposal, appended.problem);
  const isHere = await heldBack(deps.metrics, seat, appended.value);
  if (!isHere) return encodeRefused(call, proposal, 'RECORDER_BUSY');
  return encodeRecorded(deps, call, judged, appended.value);
}

function reasonOf(appended: Appended): ReasonCode {
  if (appended.ok) return appended.value.reason;
  return typeof appended.problem === 'object' ? appended.problem.reason : appended.problem;
}

/** Whatever nobody foresaw becomes a bland 503 here and only here; the cause stays in the log, under the same id. */
function failClosed(
  deps: CheckDependencies,
  startedUs: number,
  cause: unknown,
  requestId: string,
  grpc = false,
) {
  deps.log.error({ request_id: requestId, err: cause }, 'check failed closed');
  deps.metrics.checked('INTERNAL', false, deps.clock.monoUs() - startedUs);
  return encodeDenial({ reason: 'INTERNAL', mode: 'explicit', requestId, grpc });
}
