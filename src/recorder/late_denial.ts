import type { Proposal } from '../core/verdict/proposal.ts';

/** What closes a held request whose body never came, after whoever held it is gone. */
export function isLateDenial({ draft, ops, late }: Proposal): boolean {
  return (
    late === true && draft.verdict === 'deny' && draft.reason === 'BODY_NOT_COMPLETED' && ops.length === 0
  );
}
