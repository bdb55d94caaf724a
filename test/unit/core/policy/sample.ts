import assert from 'node:assert/strict';
import type { Principal } from '../../../../src/core/identity/principal.ts';
import type { GcraOp } from '../../../../src/core/ledger/operation.ts';
import { type Compilation, compilePolicy } from '../../../../src/core/policy/compile.ts';
import type { LimitDemand } from '../../../../src/core/policy/compiled.ts';
import { formatProblem } from '../../../../src/core/policy/mistakes.ts';
import { samplePrincipal, sampleRequest } from '../../../../src/core/policy/sample_request.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import type {
  Limit,
  PolicyDocument,
  Rule,
  TestAgent,
  TestRequest,
} from '../../../../src/gen/policy_document.ts';

export function documentOf(parts: Partial<PolicyDocument>): PolicyDocument {
  return { schema: 'clawgress/policy/v1', id: 'sample', rules: [], ...parts };
}

export function compiled(document: object): Compilation {
  const result = compilePolicy({ file: 'sample.json', text: JSON.stringify(document) });
  assert.ok(result.ok, result.ok ? '' : result.problem.map(formatProblem).join('\n'));
  return result.value;
}

export function rulesOf(...rules: Rule[]): Compilation {
  return compiled(documentOf({ rules }));
}

export function limitsOf(...limits: Limit[]): Compilation {
  return compiled(documentOf({ limits }));
}

export function requestOf(sample: TestRequest): EgressRequest {
  const request = sampleRequest(sample);
  assert.ok(request.ok, request.ok ? '' : request.problem);
  return request.value;
}

export function principalOf(agent: TestAgent = {}): Principal {
  return samplePrincipal({ agent_id: 'a1', team_id: 't1', project_id: 'p1', environment: 'dev', ...agent });
}

/** `verdict reason rule` of one request under some rules. */
export function said(rules: readonly Rule[], sample: TestRequest): string {
  const { live } = rulesOf(...rules).policy.evaluate(requestOf(sample), principalOf(sample.agent));
  return [live.verdict, live.reason, live.rule_id ?? '-', ...(live.path ? [live.path] : [])].join(' ');
}

export function codes(text: string): string[] {
  const result = compilePolicy({ file: 'sample.yaml', text });
  return (result.ok ? result.value.warnings : result.problem).map(({ code }) => code);
}

export function gcraOf({ op }: LimitDemand): GcraOp {
  assert.ok(op.op === 'gcra', 'a bucket');
  return op;
}
