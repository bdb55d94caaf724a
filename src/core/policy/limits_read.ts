import type { Principal } from '../identity/principal.ts';
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
  // Nobody reads streams and gRPC calls as calls of AI.
  if (request.protocol !== 'http') return false;
  const view = viewOf(request);
  let isRead = false;
  limits.visit(request, principal, (limit) => {
    isRead ||= needsBody(limit) && covers(limit.match, view, principal);
  });
  return isRead;
}

function needsBody({ match, budget }: PlanLimit): boolean {
  return budget !== undefined || isOfAi(match.kind);
}
