import type { Sabotage } from './sabotage.ts';

const REAL = 'test/integration/self/self.test.ts';

/** Promises of what agents ask about themselves. */
export const SELF: readonly Sabotage[] = [
  {
    name: 'receipt-of-another-agent',
    breaks: 'an agent is told of its own receipts alone',
    file: 'src/core/receipt/recent_receipts.ts',
    find: 'return kept?.owner === ownerOf(tenant_id, agent_id) ? kept.told : undefined;',
    replace: 'return ownerOf(tenant_id, agent_id) ? kept?.told : undefined;',
    test: { file: REAL, name: 'a receipt of another agent' },
  },
  {
    name: 'mistake-kept-back',
    breaks: 'a denial for a schema names the place in the body',
    file: 'src/server/codec/problem_body.ts',
    find: '    body: denial.body,\n',
    replace: '',
    test: { file: 'test/unit/core/receipt/body_mistake.test.ts', name: 'names the place' },
  },
  {
    name: 'explained-by-another-text',
    breaks: 'policy explain reads a body as the gateway does',
    file: 'src/core/policy/explain.ts',
    find: '    if (inspect === undefined) break;\n',
    replace: '    if (inspect !== undefined) break;\n',
    test: { file: 'test/unit/cli/explain_body.test.ts', name: 'a body that fits' },
  },
  {
    name: 'receipt-of-another-host',
    breaks: 'another host is told of receipts of its own decisions alone',
    file: 'src/recorder/remote/scope.ts',
    find: '    why: (ask) => (isOwn(service.receiptEpoch(ask.receipt_id)) ? service.why(ask) : undefined),\n',
    replace: '',
    test: { file: 'test/unit/recorder/remote/self.test.ts', name: 'another host' },
  },
  {
    name: 'question-goes-upstream',
    breaks: 'what an agent asks about itself is answered here and sent nowhere',
    file: 'src/server/self/encode.ts',
    find: 'const RPC_PERMISSION_DENIED = 7;',
    replace: 'const RPC_PERMISSION_DENIED = 0;',
    test: { file: REAL, name: 'whoami' },
  },
  {
    name: 'reserved-name-for-policy',
    breaks: 'no policy opens the name by which agents ask',
    file: 'src/core/request/normalise.ts',
    find: 'const isSelf = isOwnName(host) || (isOurPort && isOwnMachine(authority.value));',
    replace: 'const isSelf = (isOwnName(host) && isOurPort) || (isOurPort && isOwnMachine(authority.value));',
    test: { file: REAL, name: 'policy cannot open the reserved name' },
  },
  {
    name: 'question-counted-as-gap',
    breaks: 'a question is no request that got no decision',
    file: 'src/server/access_log_lines.ts',
    find: '    if (entry.receipt_id === SELF_RECEIPT) return;\n',
    replace: '    if (entry.receipt_id === SELF_RECEIPT) return this.damaged(state, cursor, line.offset);\n',
    test: { file: REAL, name: 'nothing of it counts as decided or as a gap' },
  },
];
