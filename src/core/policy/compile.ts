import type { PolicyDocument } from '../../gen/policy_document.ts';
import validate from '../../gen/policy_validator.js';
import { sameBytes } from '../canonical/bytes.ts';
import { toHex } from '../canonical/hex.ts';
import { encodeJcs, parseCanonicalJson } from '../canonical/jcs.ts';
import type { JsonValue } from '../canonical/json_value.ts';
import { sha256 } from '../canonical/sha256.ts';
import { utf8Encode } from '../canonical/utf8.ts';
import { fail, ok, type Result } from '../result.ts';
import { PROBLEMS_MAX } from './bounds.ts';
import { canonicalDocument } from './canonical_document.ts';
import type { CompiledPolicy, PolicyProblem } from './compiled.ts';
import { failingTests } from './document_tests.ts';
import { evaluateRules } from './evaluate.ts';
import { HostIndex } from './host_index.ts';
import { limitDemands } from './limits.ts';
import { lintWarnings } from './lint.ts';
import { type Mistake, mistake } from './mistakes.ts';
import { buildPlan, type Plan } from './plan.ts';
import { schemaMistakes } from './schema_mistakes.ts';
import { semanticMistakes } from './semantic.ts';
import { FIRST_PLACE, type Place, readSource } from './source.ts';

export interface Compilation {
  readonly policy: CompiledPolicy;
  /** What `explain` reads. */
  readonly plan: Plan;
  readonly document: PolicyDocument;
  readonly warnings: readonly PolicyProblem[];
}

/** Compiles YAML or JSON text. The problems of a refused document are all errors, in document order. */
export function compilePolicy(source: {
  readonly file: string;
  readonly text: string;
}): Result<Compilation, readonly PolicyProblem[]> {
  const tree = readSource(source.text);
  if (!tree.ok) return fail(tree.problem.map((found) => problemOf(source.file, found, found.place)));
  const problem = (found: Mistake) =>
    problemOf(source.file, found, tree.value.locate(found.pointer, found.at ?? 'value'));
  const compiled = compileValue(tree.value.value);
  if (!compiled.ok) return fail(compiled.problem.map(problem).sort(byPlace));
  const { warnings, ...rest } = compiled.value;
  return ok({ ...rest, warnings: warnings.map(problem).sort(byPlace) });
}

/** Compiles what `CompiledPolicy.canonical` holds, for replay: the result has the same hash or there is none. */
export function compileCanonical(canonical: Uint8Array): Result<Compilation, readonly PolicyProblem[]> {
  const problem = (found: Mistake) => problemOf('canonical policy', found, FIRST_PLACE);
  const parsed = parseCanonicalJson(canonical);
  const compiled = parsed.ok ? compileValue(parsed.value) : fail([notCanonical(parsed.problem.code)]);
  if (!compiled.ok) return fail(compiled.problem.map(problem));
  const { warnings, ...rest } = compiled.value;
  if (!sameBytes(rest.policy.canonical, canonical)) return fail([problem(notCanonical('host spelling'))]);
  return ok({ ...rest, warnings: warnings.map(problem) });
}

interface ValueCompilation extends Omit<Compilation, 'warnings'> {
  readonly warnings: readonly Mistake[];
}

function compileValue(value: JsonValue): Result<ValueCompilation, readonly Mistake[]> {
  if (!validate(value)) return fail(capped(schemaMistakes(validate.errors ?? [])));
  const wrong = semanticMistakes(value);
  if (wrong.length > 0) return fail(capped(wrong));
  const document = canonicalDocument(value);
  const plan = buildPlan(document);
  const policy = policyOf(document, plan);
  const failed = failingTests(policy, document.tests ?? []);
  if (failed.length > 0) return fail(capped(failed));
  return ok({ policy, plan, document, warnings: capped(lintWarnings(document, plan)) });
}

function policyOf(document: PolicyDocument, plan: Plan): CompiledPolicy {
  const canonical = utf8Encode(encodeJcs(document));
  const rules = new HostIndex(plan.rules.filter((rule) => rule.enabled));
  const limits = new HostIndex(plan.limits);
  return Object.freeze({
    policy_id: plan.policy_id,
    policy_hash: `sha256:${toHex(sha256(canonical))}`,
    canonical,
    query_names: plan.query_names,
    evaluate: (request, principal) => evaluateRules(rules, request, principal),
    limits: (request, principal) => limitDemands(limits, request, principal),
  } satisfies CompiledPolicy);
}

function capped(found: readonly Mistake[]): readonly Mistake[] {
  if (found.length <= PROBLEMS_MAX) return found;
  const rest = found.length - PROBLEMS_MAX;
  const first = found[0];
  const more = mistake('MORE', '', `${rest} more of them`, 'correct these first');
  return [...found.slice(0, PROBLEMS_MAX), { ...more, severity: first?.severity ?? 'error' }];
}

function notCanonical(detail: string): Mistake {
  return mistake(
    'NOT_CANONICAL',
    '',
    `the bytes are not canonical: ${detail}`,
    'use the bytes that were archived',
  );
}

function problemOf(file: string, found: Mistake, place: Place): PolicyProblem {
  const { severity, code, pointer, message, hint } = found;
  return { severity, code, file, ...place, pointer, message, hint };
}

function byPlace(a: PolicyProblem, b: PolicyProblem): number {
  if ((a.code === 'MORE') !== (b.code === 'MORE')) return a.code === 'MORE' ? 1 : -1;
  return a.line - b.line || a.column - b.column || (a.code < b.code ? -1 : 1);
}
