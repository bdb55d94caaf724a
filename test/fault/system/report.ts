/**
 * `node --import tsx test/fault/system/report.ts [--requests 20000] [--kills 8]`: runs every fault and the long mixed
 * run, and writes the tables of docs/reliability.md from what happened; `--only <words of a name>` renews the rows of those faults alone,
 * `--mixed-only` the mixed run alone. Exit code 1 when a sentence did not hold.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { newSeed } from '../../support/fault_random.ts';
import { inOwnNetwork } from '../../support/own_network.ts';
import { ALL_FAULTS } from './all_faults.ts';
import { CLOCK_FAULTS } from './clock_and_descriptors.ts';
import { releaseFullDisks } from './disk.ts';
import { type Fault, type FaultResult, missingFor, runFault } from './fault.ts';
import { brokenSentences } from './mixed_proof.ts';
import { type MixedResult, runMixed } from './mixed_run.ts';

const PAGE = fileURLToPath(new URL('../../../docs/reliability.md', import.meta.url));

if (!(await inOwnNetwork(fileURLToPath(import.meta.url)))) process.exit();

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '8' },
    concurrent: { type: 'string', default: '2000' },
    only: { type: 'string' },
    'mixed-only': { type: 'boolean', default: false },
  },
});

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** In no fault's name. */
const NONE = '\n';
const HEAD = [
  '| Fault | What was done | Requests, arrived out of tunnels | At the upstream unproven | Clients saw, from the fault to the first good answer | Served again after | Last bad answer |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];

/** The rows of the page by the name of their fault. */
function knownRows(page: string): Map<string, string> {
  return new Map(
    ALL_FAULTS.flatMap(({ name }) => {
      const row = page.split('\n').find((line) => line.startsWith(`| ${name} |`));
      return row === undefined ? [] : [[name, row] as const];
    }),
  );
}

/** Envoy's clock jumps as well, and would not yet believe the certificate of an upstream that was made for the run. */
function isIntercepted(fault: Fault): boolean {
  return !CLOCK_FAULTS.includes(fault);
}

async function faultRows(page: string, only = ''): Promise<{ rows: string[]; broken: boolean }> {
  const rows = knownRows(page);
  let broken = false;
  for (const fault of ALL_FAULTS.filter(({ name }) => name.includes(only))) {
    const missing = missingFor(fault);
    const result =
      missing === undefined ? await runFault(fault, { intercepted: isIntercepted(fault) }) : undefined;
    const row = result === undefined ? skippedRow(fault, missing ?? '') : rowOf(result);
    rows.set(fault.name, row);
    say(row);
    for (const { code, what } of result?.judgement.findings ?? []) say(`${code}: ${what}`);
    broken ||=
      result !== undefined &&
      (result.judgement.findings.length > 0 || result.insideAgain !== isIntercepted(fault));
  }
  releaseFullDisks();
  return { rows: [...HEAD, ...ALL_FAULTS.flatMap(({ name }) => rows.get(name) ?? [])], broken };
}

function rowOf({ name, how, judgement, unproven, seen, servedAgainMs, lastFailureMs }: FaultResult): string {
  const answers = Object.entries(seen).map(([status, count]) => `${status} × ${count}`);
  const cells = [
    name,
    how,
    `${judgement.requests}, ${judgement.inside}`,
    unproven.length,
    answers.join(', '),
    servedAgainMs === undefined ? 'not by itself' : milliseconds(servedAgainMs),
    lastFailureMs === undefined ? 'none' : milliseconds(lastFailureMs),
  ];
  return `| ${cells.join(' | ')} |`;
}

function milliseconds(value: number): string {
  return value < 0 ? `${Math.round(-value)} ms before it ended` : `${Math.round(value)} ms`;
}

function skippedRow({ name, how }: Fault, missing: string): string {
  return `| ${name} | ${how} | | | not run: ${missing} | | |`;
}

function mixedRows(result: MixedResult, broken: readonly string[]): string[] {
  const { judgement, verify, replay, changed } = result;
  const killed = ['gateway', 'envoy'].map(
    (name) => `${name} × ${result.killed.filter((one) => one === name).length}`,
  );
  return [
    '| What | Result |',
    '| --- | --- |',
    `| seed | ${result.seed} |`,
    `| requests | ${judgement.requests} in ${Math.round(result.seconds)} s |`,
    `| connections open at once, each with a request | ${result.concurrent} |`,
    `| killed with SIGKILL | ${killed.join(', ')} |`,
    `| answers | ${Object.entries(result.answers)
      .map(([kind, count]) => `${kind} × ${count}`)
      .join(', ')} |`,
    `| at the upstream, of them out of intercepted tunnels | ${judgement.hits}, ${judgement.inside} |`,
    `| decisions, of them allows | ${judgement.decisions}, ${judgement.allows} |`,
    `| requests without a decision in Envoy's log, counted by gap records | ${judgement.undecided}, ${judgement.gaps} |`,
    `| denials folded, counted by aggregate records | ${judgement.folded}, ${judgement.aggregated} |`,
    `| allows closed as \`unknown\` | ${judgement.unknown} |`,
    `| answers read to their end on record, and not because their reader was killed | ${judgement.read}, ${judgement.unread} |`,
    `| \`clawgress verify\` | ${verify.verdict} |`,
    `| \`clawgress replay\` | ${replay.decisions} decisions, ${replay.different} differences, limits ${replay.ledger} |`,
    `| one rule taken out: decisions that must change, that \`policy simulate\` names, disagreements | ${changed.expected}, ${changed.simulated}, ${changed.disagreements.length} |`,
    `| sentences that did not hold | ${broken.length} |`,
  ];
}

function machine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpu?.model.trim() || 'unknown processor'}), ${memory} GB, Linux ${release()}, Node ${process.version}; clients, upstream, Envoy and gateway share the machine.`;
}

function replaceSection(page: string, name: string, lines: readonly string[]): string {
  const pattern = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`);
  if (!pattern.test(page)) throw new Error(`docs/reliability.md has no section ${name}`);
  return page.replace(
    pattern,
    (_, before: string, after: string) => `${before}${lines.join('\n')}\n${after}`,
  );
}

async function mixedSection(page: string): Promise<{ page: string; broken: readonly string[] }> {
  const result = await runMixed({
    requests: Number(values.requests),
    kills: Number(values.kills),
    concurrent: Number(values.concurrent),
    seed: newSeed(),
    progress: say,
  });
  const broken = brokenSentences(result);
  return { page: replaceSection(page, 'mixed', mixedRows(result, broken)), broken };
}

const before = readFileSync(PAGE, 'utf8');
const only = values['mixed-only'] ? NONE : values.only;
const faults = await faultRows(before, only);
const renewed = replaceSection(replaceSection(before, 'machine', [machine()]), 'faults', faults.rows);
const mixed = values.only === undefined ? await mixedSection(renewed) : { page: renewed, broken: [] };
writeFileSync(PAGE, mixed.page);
for (const one of mixed.broken) say(one);
process.exit(faults.broken || mixed.broken.length > 0 ? 1 : 0);
