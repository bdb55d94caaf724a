import type { LedgerOp } from '../../core/ledger/operation.ts';
import type { ReceiptAsk } from '../../core/receipt/recent_receipts.ts';
import type { Members } from '../../core/receipt/shape.ts';
import { fail } from '../../core/result.ts';
import type { Proposal } from '../../core/verdict/proposal.ts';
import { REASONS } from '../../core/verdict/reasons.ts';
import { isLateDenial } from '../late_denial.ts';
import type { InspectionNotice, OutcomeNotice } from '../notices.ts';
import { RecorderError } from '../options.ts';
import { INSPECTED } from './inspection_table.ts';
import { ASK, parseBody } from './protocol.ts';
import { QUOTA_ASK, RECEIPT_ASK } from './self_tables.ts';
import type { RecorderService } from './service.ts';
import { GAP, LOG_FILE, NOTHING, NOTICE, type PeerStatus, PROPOSAL, REQUEST, SWEEP } from './tables.ts';

/** A frame that no gateway of ours sends: it costs its connection. */
export class HostileFrame extends Error {
  override readonly name = 'HostileFrame';
}

/** Does what one frame asks; resolves to the body of the answer. Rejects with `HostileFrame`, or when it cannot be done. */
export async function perform(
  service: RecorderService,
  gatewayId: string,
  kind: number,
  body: Uint8Array,
): Promise<object> {
  switch (kind) {
    case ASK.append:
      return await append(service, gatewayId, body);
    case ASK.close:
      await service.close(strict<OutcomeNotice>(NOTICE, body));
      return {};
    case ASK.inspect:
      await service.inspect(inspection(body));
      return {};
    case ASK.sweep:
      return { count: await service.sweep(strict<{ envoy_epoch: string }>(SWEEP, body).envoy_epoch) };
    case ASK.gap:
      await service.recordGap(strict<Parameters<RecorderService['recordGap']>[0]>(GAP, body));
      return {};
    case ASK.logPosition:
      return { offset: service.logPosition(strict<{ file_id: string }>(LOG_FILE, body).file_id) };
    case ASK.gapPosition:
      return { offset: service.gapPosition(strict<{ file_id: string }>(LOG_FILE, body).file_id) };
    case ASK.decided:
      return { decided: service.decided(strict<{ request_id: string }>(REQUEST, body).request_id) };
    case ASK.quota:
      return { states: service.quota(strict<{ ops: LedgerOp[] }>(QUOTA_ASK, body).ops) };
    case ASK.why: {
      const receipt = service.why(strict<ReceiptAsk>(RECEIPT_ASK, body));
      return receipt === undefined ? {} : { receipt };
    }
    case ASK.checkpoint:
      strict(NOTHING, body);
      return { ...(await service.checkpoint()) };
    case ASK.status:
      strict(NOTHING, body);
      return peerStatus(service);
    case ASK.sync:
      strict(NOTHING, body);
      await service.sync();
      return peerStatus(service);
    default:
      throw new HostileFrame('a frame of no known kind');
  }
}

/** What an answer says of itself may not fit a record: that answer must not go on, and nobody else is harmed. */
function inspection(body: Uint8Array): InspectionNotice {
  const notice = parseBody<InspectionNotice>(INSPECTED, body);
  if (notice.ok) return notice.value;
  if (notice.problem === 'NOT_JSON') throw new HostileFrame('a body that is no strict JSON');
  throw new RecorderError('the inspection does not fit the record');
}

/** MUST answer with what the recorder answered and only then: its promise settles when the line is on stable storage. */
async function append(service: RecorderService, gatewayId: string, body: Uint8Array): Promise<object> {
  const proposal = parseBody<Proposal>(PROPOSAL, body);
  if (!proposal.ok) {
    if (proposal.problem === 'NOT_JSON') throw new HostileFrame('a body that is no strict JSON');
    // What a client wrote may not fit a record (a request id with a blank); in one process the recorder says the same.
    return fail('RECORD_TOO_LARGE');
  }
  const { draft, ops, denials } = proposal.value;
  if (draft.gateway_id !== gatewayId || denials.length !== ops.length) {
    throw new HostileFrame('a proposal in the name of another gateway, or with a denial too few');
  }
  const isLate = proposal.value.late === true;
  if (!isOfOurs(proposal.value) || (isLate && !isLateDenial(proposal.value)))
    throw new HostileFrame('a proposal that no judgement of ours ends in');
  const answer = await service.append(proposal.value);
  return answer;
}

/**
 * What the tables cannot say and everything behind them builds on: the ledger opens an allow under its principal, and
 * reasons are a closed list that metrics are counted by.
 */
function isOfOurs({ draft, denials }: Proposal): boolean {
  const { verdict, reason, identity, identity_problem } = draft;
  const isDenial = (code: string) => Object.hasOwn(REASONS, code) && code !== 'POLICY_ALLOW';
  if (!denials.every((denial) => isDenial(denial.reason))) return false;
  if (verdict === 'deny') return isDenial(reason);
  return reason === 'POLICY_ALLOW' && identity !== undefined && identity_problem === undefined;
}

function strict<T>(members: Members, body: Uint8Array): T {
  const parsed = parseBody<T>(members, body);
  if (!parsed.ok) throw new HostileFrame(`a body that is ${parsed.problem}`);
  return parsed.value;
}

export function peerStatus(service: RecorderService): PeerStatus {
  const status = service.status();
  const { phase, log_id, head_seq, head_hash, tree_size, queue_depth, open_decisions } = status;
  const { policy_hash, registry_hash, bundle_digest } = status;
  return {
    ...{ phase, log_id, head_seq, head_hash, tree_size, queue_depth, open_decisions },
    ...(policy_hash === undefined ? {} : { policy_hash }),
    ...(registry_hash === undefined ? {} : { registry_hash }),
    ...(bundle_digest === undefined ? {} : { bundle_digest }),
  };
}
