import type { Principal } from '../identity/principal.ts';
import { mayCarryCall } from '../request/call_path.ts';
import type { EgressRequest } from '../request/egress_request.ts';
import { isOfAi } from './ai_predicates.ts';
import type { HostIndex } from './host_index.ts';
import type { PlanLimit } from './plan.ts';
import { covers } from './precedence.ts';
import { viewOf } from './request_view.ts';

/** Whether a limit that may count this request has to know its body. */
export function limitsRead(
  limits: HostIndex<PlanLimit>,
  request: EgressRequest,
  principal: Principal,
): boolean {
  // Nobody reads streams and calls of gRPC as calls of AI.
  if (!mayCarryCall(request)) return false;
  const view = viewOf(request);
  let isRead = false;
  limits.visit(request, principal, (limit) => {
    isRead ||= needsBody(limit, request) && covers(limit.match, view, principal);
  });
  return isRead;
}

/** Of what calls itself gRPC no body comes, so that asking for one denies: only what refuses the unread does. */
function needsBody({ match, budget }: PlanLimit, { protocol }: EgressRequest): boolean {
  if (protocol === 'grpc') return budget?.unknown === 'deny';
  return budget !== undefined || isOfAi(match.kind);
}
