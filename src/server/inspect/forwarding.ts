import type { AppendResult } from '../../core/verdict/proposal.ts';
import { type HeaderOption, set } from '../codec/answer_headers.ts';
import type { ProcAnswer } from '../codec/ext_proc_reply.ts';
import type { Judged } from '../judging.ts';
import { limitOf, rewriteOf } from '../reply.ts';
import type { Allowed } from './answer_side.ts';
import type { Settled } from './judge_body.ts';

/** How the request goes on, by what the recorder made durable. */
export function forwardReply(
  stamp: string,
  { call, looked }: Settled,
  { verdict }: Judged,
  { receipt_id }: AppendResult,
  isStreamed: boolean,
): Omit<ProcAnswer, 'to'> {
  const { path } = rewriteOf(call, verdict);
  const replacement = looked?.replacement;
  const headers: HeaderOption[] = [
    ...(path === undefined ? [] : [set(':path', path)]),
    // What comes packed cannot be read.
    ...(verdict.response === undefined ? [] : [set('accept-encoding', 'identity')]),
    ...(replacement === undefined ? [] : [set('content-length', String(replacement.length))]),
  ];
  return {
    set: headers,
    ...(replacement === undefined ? {} : { body: replacement }),
    inspected: { stamp, rid: receipt_id },
    mode: { request: isStreamed ? 'streamed' : 'none', response: 'none' },
  };
}

/** What the answer is held to. */
export function leftForAnswer(
  { call, looked, proposal, snapshot }: Settled,
  { verdict, identity }: Judged,
  recorded: AppendResult,
): Allowed {
  if (!identity.ok) throw new Error('invariant: nobody was allowed something');
  const { tenant_id, agent_id } = identity.principal;
  const ai = looked?.facts.ai;
  const rpc_id = looked?.rpc_id;
  return {
    receipt: { id: recorded.receipt_id, leafHash: recorded.leaf_hash },
    ...limitOf(proposal.ops, recorded),
    ...{ agent: `${tenant_id}/${agent_id}`, snapshot, call },
    ...(verdict.response === undefined ? {} : { demands: verdict.response }),
    ...(ai === undefined ? {} : { ai }),
    ...(rpc_id === undefined ? {} : { rpc_id }),
  };
}
