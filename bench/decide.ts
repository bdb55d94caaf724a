/**
 * How long one decision takes under 10,000 rules, over few and many hosts, beside an evaluator without an index that
 * tries every rule with the same predicates. `node --import tsx bench/decide.ts [--json]`
 */
import { parseArgs } from 'node:util';
import type { IdentityFact } from '../src/core/identity/principal.ts';
import { type Compilation, compilePolicy } from '../src/core/policy/compile.ts';
import type { Plan } from '../src/core/policy/plan.ts';
import { covers, standOf } from '../src/core/policy/precedence.ts';
import { viewOf } from '../src/core/policy/request_view.ts';
import { Tally } from '../src/core/policy/tally.ts';
import { ok } from '../src/core/result.ts';
import { decide } from '../src/core/verdict/decide.ts';
import { documentOf, type Question, questionsFor } from './decide_input.ts';

const RULES = 10_000;
const HOSTS = [100, 1_000, 10_000];
/** Each question is asked so often, and its shortest time counts: what is left is the work, not the neighbours. */
const ROUNDS = 10;
const LINEAR_QUESTIONS = 60;
const LINEAR_ROUNDS = 2;
const NS_PER_US = 1_000;

interface Figures {
  readonly p50_us: number;
  readonly p99_us: number;
  readonly max_us: number;
  /** Over all rounds, with every interruption by whatever else the machine does. */
  readonly disturbed_p99_us: number;
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const results = HOSTS.map(measure);
if (values.json) process.stdout.write(`${JSON.stringify({ rules: RULES, results }, null, 2)}\n`);
else print();

function measure(hosts: number) {
  const document = documentOf(RULES, hosts);
  const text = JSON.stringify(document);
  const started = performance.now();
  const compiled = compilePolicy({ file: 'bench.json', text });
  const compile_ms = Math.round(performance.now() - started);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problem[0]));
  const { policy, plan } = compiled.value;
  const questions = questionsFor(document, hosts);
  const judge = ({ identity, request }: Question) => decide(policy, identity, ok(request)).verdict.verdict;
  const indexed = timed(questions, ROUNDS, judge);
  const few = questions.slice(0, LINEAR_QUESTIONS);
  const linear = timed(few, LINEAR_ROUNDS, (one) => linearVerdict(plan, one));
  return {
    hosts,
    compile_ms,
    allowed_percent: agreed(compiled.value, questions),
    indexed,
    linear,
    times_faster: Math.round(linear.p50_us / indexed.p50_us),
  };
}

function timed(
  questions: readonly Question[],
  rounds: number,
  judge: (question: Question) => unknown,
): Figures {
  const shortest = new Float64Array(questions.length).fill(Number.POSITIVE_INFINITY);
  const all = new Float64Array(questions.length * rounds);
  // The first round warms up and is not counted.
  for (let round = -1; round < rounds; round += 1) {
    for (const [i, question] of questions.entries()) {
      const before = process.hrtime.bigint();
      judge(question);
      const ns = Number(process.hrtime.bigint() - before);
      if (round < 0) continue;
      all[round * questions.length + i] = ns;
      shortest[i] = Math.min(shortest[i] ?? ns, ns);
    }
  }
  shortest.sort();
  all.sort();
  return {
    p50_us: microseconds(shortest, 0.5),
    p99_us: microseconds(shortest, 0.99),
    max_us: microseconds(shortest, 1),
    disturbed_p99_us: microseconds(all, 0.99),
  };
}

function microseconds(sorted: Float64Array, share: number): number {
  return Math.round((sorted[Math.floor(share * (sorted.length - 1))] ?? 0) / (NS_PER_US / 100)) / 100;
}

/** Both evaluators have to say the same, or the comparison is worth nothing. Percent of allows. */
function agreed({ policy, plan }: Compilation, questions: readonly Question[]): number {
  let allowed = 0;
  const asked = questions.slice(0, LINEAR_QUESTIONS);
  for (const question of asked) {
    const { verdict, rule_id } = decide(policy, question.identity, ok(question.request)).verdict;
    const linear = linearVerdict(plan, question);
    if (verdict !== linear?.verdict || rule_id !== linear.rule_id) throw new Error('the evaluators disagree');
    if (verdict === 'allow') allowed += 1;
  }
  return Math.round((100 * allowed) / asked.length);
}

function linearVerdict({ rules }: Plan, { identity, request }: { identity: IdentityFact } & Question) {
  if (!identity.ok) return undefined;
  const view = viewOf(request);
  const tally = new Tally(1);
  const observers: string[] = [];
  for (const rule of rules) {
    if (rule.action === 'alert' || rule.action === 'log_only') {
      if (covers(rule.match, view, identity.principal)) observers.push(rule.id);
      continue;
    }
    const stand = standOf(rule, view, identity.principal, 0);
    if (stand !== undefined) tally.add(stand, rule);
  }
  return tally.outcome(request);
}

function print(): void {
  const row = (cells: readonly (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
  process.stdout.write(`${RULES} rules, each question asked ${ROUNDS} times, Node ${process.version}\n\n`);
  row([
    'hosts',
    'p50 µs',
    'p99 µs',
    'max µs',
    'disturbed p99 µs',
    'every rule tried: p50 µs',
    'times faster',
    'compile ms',
    'allowed %',
  ]);
  row(Array.from({ length: 9 }, () => '---:'));
  for (const { hosts, indexed, linear, times_faster, compile_ms, allowed_percent } of results) {
    const { p50_us, p99_us, max_us, disturbed_p99_us } = indexed;
    row([
      hosts,
      p50_us,
      p99_us,
      max_us,
      disturbed_p99_us,
      linear.p50_us,
      times_faster,
      compile_ms,
      allowed_percent,
    ]);
  }
}
