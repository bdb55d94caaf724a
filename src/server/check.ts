import { randomUUID } from 'node:crypto';
import { normalise } from '../core/request/normalise.ts';
import { ok } from '../core/result.ts';
import { decide } from '../core/verdict/decide.ts';
import { decodeCheck } from './codec/check_request.ts';
import { encodeDenial } from './codec/check_response.ts';
import type { CheckDependencies } from './dependencies.ts';
import { type Call, proposalOf } from './propose.ts';
import { encodeRecorded, encodeUnrecorded } from './reply.ts';

/** The Envoy that asks, as its configuration names itself in the metadata of the call. */
export type Caller = Pick<Call, 'node' | 'epoch'>;
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
    try {
      if (caller === undefined) throw new Error('the call does not name its Envoy');
      const request = normalise(check.raw, { ports: deps.settings.selfPorts });
      return await answer(deps, { ...caller, check, request, receiptId: deps.ids.receiptId(), startedUs });
    } catch (cause) {
      return failClosed(deps, startedUs, cause, check.requestId);
    }
  };
}

async function answer(deps: CheckDependencies, call: Call): Promise<Uint8Array> {
  let { verdict, proposal, appended } = await judgeAndRecord(deps, call);
  if (!appended.ok && appended.problem === 'STALE_SNAPSHOT') {
    // The recorder knows a newer policy. Nothing was recorded, so the call is judged once more under its own id.
    ({ verdict, proposal, appended } = await judgeAndRecord(deps, call));
  }
  const reason = appended.ok ? appended.value.reason : appended.problem;
  deps.metrics.checked(reason, appended.ok, deps.clock.monoUs() - call.startedUs);
  if (!appended.ok) return encodeUnrecorded(call, appended.problem);
  return encodeRecorded(deps.settings.stamp, call, proposal, verdict, appended.value);
}

/** Under ONE snapshot. The answer exists only after the record is on stable storage. */
async function judgeAndRecord(deps: CheckDependencies, call: Call) {
  const snapshot = deps.snapshot();
  const { raw, transport } = call.check;
  const now_ms = deps.clock.nowMs();
  const identity = await snapshot.authenticate({ mode: raw.mode, headers: raw.headers, transport, now_ms });
  const request = call.request.ok ? ok(call.request.value.request) : call.request;
  const lapse = snapshot.policyLapse?.(now_ms);
  const { verdict, demands } = decide(snapshot.policy, identity, request, { lapse, atMs: now_ms });
  const proposal = proposalOf(deps, call, { snapshot, identity, lapse, verdict, demands });
  return { verdict, proposal, appended: await deps.recorder.append(proposal) };
}

/** Whatever nobody foresaw becomes a bland 503 here and only here; the cause stays in the log, under the same id. */
function failClosed(deps: CheckDependencies, startedUs: number, cause: unknown, requestId: string) {
  deps.log.error({ request_id: requestId, err: cause }, 'check failed closed');
  deps.metrics.checked('INTERNAL', false, deps.clock.monoUs() - startedUs);
  return encodeDenial({ reason: 'INTERNAL', mode: 'explicit', requestId });
}
