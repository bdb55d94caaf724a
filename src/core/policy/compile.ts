import type { PolicyDocument } from '../../gen/policy_document.ts';
import { sameBytes } from '../canonical/bytes.ts';
import { parseCanonicalJson } from '../canonical/jcs.ts';
import { fail, ok, type Result } from '../result.ts';
import { canonicalDocument } from './canonical_document.ts';
import { partsOfCanonical } from './canonical_set.ts';
import type { CompiledPolicy } from './compiled.ts';
import { crowdProblems } from './crowded_limits.ts';
import { failingTests } from './document_tests.ts';
import { evaluateRules, ruleSetOf } from './evaluate.ts';
import { exceptionProblems, type PolicyTrust } from './exceptions.ts';
import { Library } from './library.ts';
import { type Lineage, lineageOf, lineageWithin } from './lineage.ts';
import { lintWarnings } from './lint.ts';
import { mistake } from './mistakes.ts';
import { checkedMember, type Part, type PolicySource, type Problems, problemsIn, readPart } from './part.ts';
import { buildPlan, type Plan } from './plan.ts';
import { policyOf } from './policy.ts';
import { schemaTableOf } from './schemas.ts';
import { shadowQueryProblems } from './shadow.ts';
import { FIRST_PLACE } from './source.ts';

export interface Compilation {
  readonly policy: CompiledPolicy;
  /** What `explain` reads: the document with everything that it inherits. */
  readonly plan: Plan;
  readonly document: PolicyDocument;
  /** All that the document inherits, each once, sorted by id. */
  readonly ancestors: readonly PolicyDocument[];
  /** The shadow document with its own ancestors. */
  readonly shadow?: Drafted;
  readonly warnings: Problems;
}

export interface PolicySetSource {
  readonly entry: PolicySource;
  /** Where parents are found by their id. What nobody inherits is ignored. */
  readonly others: readonly PolicySource[];
  /** Judged beside the entry without any effect. When it does not compile, the entry goes on without it, with warnings. */
  readonly shadow?: PolicySource;
  readonly trust: PolicyTrust;
}

/** Compiles one document, YAML or JSON, that inherits nothing. The problems are all errors, in document order. */
export function compilePolicy(source: PolicySource): Result<Compilation, Problems> {
  return compilePolicySet({ entry: source, others: [], trust: 'local' });
}

/** Compiles a document with everything that it inherits. Problems and warnings name the file that they are in. */
export function compilePolicySet(set: PolicySetSource): Result<Compilation, Problems> {
  const library = new Library(set.others);
  const entry = drafted(readPart(set.entry), library, set.trust);
  if (!entry.ok) return entry;
  const crowd = crowdProblems(entry.value);
  if (crowd.length > 0) return fail(crowd);
  if (!set.shadow) return ok(compilationOf(entry.value));
  const shadow = drafted(readPart(set.shadow), library, set.trust);
  const problems = shadow.ok ? shadowQueryProblems(entry.value, shadow.value) : shadow.problem;
  // A candidate that does not compile must not stop the live policy, or it would change live verdicts.
  if (!shadow.ok || problems.length > 0) {
    return ok(compilationOf(entry.value, undefined, problems.map(asWarning)));
  }
  return ok(compilationOf(entry.value, shadow.value));
}

/** Compiles what `CompiledPolicy.canonical` holds, for replay: the result has the same hash or there is none. */
export function compileCanonical(canonical: Uint8Array): Result<Compilation, Problems> {
  const parsed = parseCanonicalJson(canonical);
  if (!parsed.ok) return fail(notCanonical(parsed.problem.code));
  const parts = partsOfCanonical(parsed.value);
  const library = new Library([], parts.documents);
  const entry = drafted(ok(parts.entry), library, 'signed');
  if (!entry.ok) return entry;
  const shadow = parts.shadow && drafted(ok(parts.shadow), library, 'signed');
  if (shadow?.ok === false) return shadow;
  const compiled = compilationOf(entry.value, shadow?.value);
  if (!sameBytes(compiled.policy.canonical, canonical)) return fail(notCanonical('spelling or members'));
  return ok(compiled);
}

/** A document that stands with its ancestors: checked, tested, planned. */
export interface Drafted {
  readonly part: Part;
  readonly plan: Plan;
  readonly document: PolicyDocument;
  readonly ancestors: readonly PolicyDocument[];
}

function drafted(
  part: Result<Part, Problems>,
  library: Library,
  trust: PolicyTrust,
): Result<Drafted, Problems> {
  const member = part.ok ? checkedMember(part.value) : part;
  if (!member.ok) return member;
  const lineage = lineageOf(member.value, library);
  if (!lineage.ok) return lineage;
  const unfit = exceptionProblems(lineage.value, trust);
  if (unfit.length > 0) return fail(unfit);
  const draft = draftOf(lineage.value);
  const failed = [
    ...testProblems(member.value.part, draft),
    ...lineage.value.ancestors.flatMap((ancestor) =>
      ancestor.document.tests === undefined
        ? []
        : testProblems(ancestor.part, draftOf(lineageWithin(lineage.value, ancestor))),
    ),
  ];
  return failed.length > 0 ? fail(failed) : ok(draft);
}

function draftOf({ entry, ancestors: above }: Lineage): Drafted {
  const document = canonicalDocument(entry.document);
  const ancestors = above.map((member) => canonicalDocument(member.document));
  return { part: entry.part, plan: buildPlan(document, ancestors), document, ancestors };
}

function testProblems(part: Part, { plan, document }: Drafted): Problems {
  if (document.tests === undefined) return [];
  const rules = ruleSetOf(plan);
  const evaluate: CompiledPolicy['evaluate'] = (...asked) => evaluateRules(rules, ...asked);
  const schemas = { own: schemaTableOf(document), all: plan.schemas };
  return problemsIn(part, failingTests(evaluate, document.tests, schemas));
}

function compilationOf(entry: Drafted, shadow?: Drafted, refused: Problems = []): Compilation {
  const { plan, document, ancestors, part } = entry;
  return {
    policy: policyOf(entry, shadow),
    plan,
    document,
    ancestors,
    ...(shadow ? { shadow } : {}),
    warnings: [...problemsIn(part, lintWarnings(document, plan)), ...refused],
  };
}

function asWarning(problem: Problems[number]): Problems[number] {
  return { ...problem, severity: 'warning' };
}

function notCanonical(detail: string): Problems {
  const part: Part = { file: 'canonical policy', value: null, locate: () => FIRST_PLACE };
  const message = `the bytes are not canonical: ${detail}`;
  return problemsIn(part, [mistake('NOT_CANONICAL', '', message, 'use the bytes that were archived')]);
}
