import { ID_PATTERN } from '../core/identity/principal.ts';
import type { Compilation } from '../core/policy/compile.ts';
import { explain, type Look } from '../core/policy/explain.ts';
import { sampleMistakes } from '../core/policy/sample_mistakes.ts';
import { samplePrincipal } from '../core/policy/sample_request.ts';
import { parseAuthority } from '../core/request/host.ts';
import type { Result } from '../core/result.ts';
import type { TestAgent, TestRequest } from '../gen/policy_document.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { loadPolicy, type PolicyFileArgs, type PolicyIo } from './policy_files.ts';
import { explanationText, problemLines, testLines } from './policy_text.ts';

export interface ExplainArgs extends PolicyFileArgs {
  /** Rules that name another agent or host, too. */
  readonly all: boolean;
  readonly agent: TestAgent;
  readonly request: Omit<TestRequest, 'agent'>;
  /** Looks into the body that was given. */
  readonly look?: (compiled: Compilation) => Look;
  /** The moment that exceptions are judged at, as RFC 3339 text; now when left out. */
  readonly at?: string;
}

/** `policy lint <file>`: errors and warnings. 0 without errors, 1 with, 3 when the file cannot be read. */
export function policyLint(args: PolicyFileArgs, io: PolicyIo): ExitCode {
  const { file, json } = args;
  const compiled = loadPolicy(args, io);
  if (compiled === undefined) return EXIT.unavailable;
  const problems = compiled.ok ? compiled.value.warnings : compiled.problem;
  if (json) printJson(io, { ok: compiled.ok, ...identityOf(compiled), problems });
  else io.out(problemLines(file, problems));
  return compiled.ok ? EXIT.ok : EXIT.no;
}

/** `policy test <file>`: the tests inside the document, one line each. 0 when all pass, 1 otherwise. */
export function policyTest(args: PolicyFileArgs, io: PolicyIo): ExitCode {
  const { file, json } = args;
  const compiled = loadPolicy(args, io);
  if (compiled === undefined) return EXIT.unavailable;
  if (!compiled.ok) {
    if (json) printJson(io, { ok: false, problems: compiled.problem });
    else io.err(problemLines(file, compiled.problem));
    return EXIT.no;
  }
  const names = (compiled.value.document.tests ?? []).map(({ name }) => name);
  if (json) printJson(io, { ok: true, ...identityOf(compiled), passed: names });
  else io.out(testLines(names));
  return EXIT.ok;
}

/** `policy explain <file>`: 0 when the request would be allowed, 1 when denied, 2 for a request or document that is wrong. */
export function policyExplain(args: ExplainArgs, io: PolicyIo): ExitCode {
  const wrong = usageProblem(args);
  if (wrong !== undefined) {
    io.err(`${wrong}\n`);
    return EXIT.usage;
  }
  const compiled = loadPolicy(args, io);
  if (compiled === undefined) return EXIT.unavailable;
  if (!compiled.ok) {
    io.err(problemLines(args.file, compiled.problem));
    return EXIT.usage;
  }
  const { headers, ...rest } = args.request;
  // Header names are compared in lower case, as they are on the wire.
  const request = headers ? { ...rest, headers: headers.map((name) => name.toLowerCase()) } : rest;
  const look = args.look?.(compiled.value);
  const principal = samplePrincipal(args.agent);
  const explanation = explain(compiled.value, request, principal, momentOf(args, io), look);
  if (!explanation.ok) {
    if (args.json) printJson(io, { outcome: { verdict: 'deny', reason: explanation.problem } });
    else io.out(`deny ${explanation.problem}: the request has no canonical form, so no rule is asked\n`);
    return EXIT.no;
  }
  if (args.json) printJson(io, explanation.value);
  else io.out(explanationText(explanation.value, args.all));
  const { verdict, inspect } = explanation.value.outcome;
  return verdict === 'allow' && inspect === undefined ? EXIT.ok : EXIT.no;
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

function momentOf({ at }: ExplainArgs, io: PolicyIo): number {
  return at === undefined ? io.nowMs() : Date.parse(at);
}

function usageProblem({ agent, request, at }: ExplainArgs): string | undefined {
  if (at !== undefined && !(MOMENT.test(at) && Number.isFinite(Date.parse(at)))) {
    return `--at: found '${at}'; allowed: a moment in UTC such as 2026-12-31T00:00:00Z`;
  }
  const { auth_type, ...ids } = agent;
  if (auth_type !== undefined && !AUTH_TYPES.includes(auth_type))
    return `--auth-type: found '${auth_type}'; allowed: ${AUTH_TYPES.join(', ')}`;
  if (request.transparent !== undefined && !isEndpoint(request.transparent))
    return `--transparent: found '${request.transparent}'; allowed: an address with a port such as 198.18.0.7:443`;
  for (const [key, id] of Object.entries(ids)) {
    if (!ID_PATTERN.test(id))
      return `${key}: found '${id}'; allowed: 1 to 64 of the characters a-z 0-9 . _ -`;
  }
  const [first] = sampleMistakes(request, '');
  return first && `${first.message}; ${first.hint}`;
}

const AUTH_TYPES: readonly string[] = ['api_key', 'jwt', 'mtls', 'source'];

function isEndpoint(text: string): boolean {
  const parsed = parseAuthority(text);
  return parsed.ok && parsed.value.port !== undefined && parsed.value.host_kind !== 'name';
}

function identityOf(compiled: Result<Compilation, unknown>) {
  if (!compiled.ok) return {};
  const { policy_id, policy_hash } = compiled.value.policy;
  return { policy_id, policy_hash };
}

function printJson(io: PolicyIo, value: object): void {
  io.out(`${JSON.stringify(value, null, 2)}\n`);
}
