import { type SelfQuestion, selfQuestion } from '../../core/request/self_question.ts';
import type { DecodedCheck } from '../codec/check_request.ts';
import { isAnsweredAsGrpc } from '../codec/grpc_denial.ts';
import type { CheckDependencies } from '../dependencies.ts';
import { type Asking, quota, whoami, why } from './answers.ts';
import { encodeSelf, type SelfAnswer } from './encode.ts';
import { Pace } from './pace.ts';
import type { SelfRecorder } from './ports.ts';
import { RECEIPT_UNKNOWN, RECORDER_AWAY, SELF_TOO_OFTEN } from './problems.ts';

type Needed = Pick<CheckDependencies, 'snapshot' | 'clock' | 'settings' | 'log' | 'self'>;

/**
 * Answers what an agent asks about itself: nothing is decided, recorded or sent. Undefined for any other request, and
 * for a question of somebody who cannot be named: both are judged, the latter to be denied and recorded for that.
 */
export function createSelf(
  deps: Needed,
): (check: DecodedCheck) => Promise<Uint8Array | undefined> | undefined {
  const pace = new Pace();
  return (check) => {
    // Asked of every Check, so it has to cost nothing: most end at the method or the first bytes of the path.
    const question = selfQuestion(check.raw, deps.settings.selfPorts);
    if (question === undefined || deps.self === undefined || isAnsweredAsGrpc(check.raw)) return undefined;
    return answerPaced(deps, deps.self, pace, check, question);
  };
}

async function answerPaced(
  deps: Needed,
  recorder: SelfRecorder,
  pace: Pace,
  check: DecodedCheck,
  question: SelfQuestion,
): Promise<Uint8Array | undefined> {
  const asking = await whoAsks(deps, check);
  if (asking === undefined) return undefined;
  const { tenant_id, agent_id } = asking.identity.principal;
  if (!pace.admits(`${tenant_id}/${agent_id}`, deps.clock.monoUs())) return encodeSelf(SELF_TOO_OFTEN);
  return encodeSelf(await answerTo(question, asking, recorder, deps.log));
}

async function whoAsks(
  deps: Needed,
  { raw, transport, identity: source }: DecodedCheck,
): Promise<Asking | undefined> {
  const snapshot = deps.snapshot();
  const { mode, headers } = raw;
  const now_ms = deps.clock.nowMs();
  const identity = await snapshot.authenticate({
    mode,
    headers,
    transport,
    now_ms,
    ...(source && { source }),
  });
  if (!identity.ok) return undefined;
  return { identity, snapshot, gatewayId: deps.settings.gatewayId, listener: mode };
}

async function answerTo(
  question: SelfQuestion,
  asking: Asking,
  recorder: SelfRecorder,
  log: Needed['log'],
): Promise<SelfAnswer> {
  if (question.kind === 'whoami') return { status: 200, body: whoami(asking) };
  try {
    if (question.kind === 'quota') return { status: 200, body: await quota(asking, recorder) };
    const { tenant_id, agent_id } = asking.identity.principal;
    const told = await recorder.why({ receipt_id: question.receipt_id, tenant_id, agent_id });
    return told === undefined ? RECEIPT_UNKNOWN : { status: 200, body: why(told) };
  } catch (cause) {
    log.error({ err: cause }, 'the recorder could not be asked for an agent');
    return RECORDER_AWAY;
  }
}
