/**
 * `node --import tsx test/fault/system/report.ts [--requests 20000] [--kills 8]`: runs every fault and the long mixed
 * run, and writes the tables of docs/reliability.md from what happened. Exit code 1 when a sentence did not hold.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { newSeed } from '../../support/fault_random.ts';
import { allFaults } from './all_faults.ts';
import { releaseFullDisk } from './disk.ts';
import { type Fault, type FaultResult, missingFor, runFault } from './fault.ts';
import { brokenSentences } from './mixed_proof.ts';
import { type MixedResult, runMixed } from './mixed_run.ts';
import { isLoose } from './proof.ts';

const PAGE = fileURLToPath(new URL('../../../docs/reliability.md', import.meta.url));

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '8' },
    concurrent: { type: 'string', default: '2000' },
  },
});

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function faultRows(): Promise<{ rows: string[]; broken: boolean }> {
  const { faults, full } = allFaults();
  const rows = [
    '| Fault | What was done | Requests | At the upstream unproven | Clients saw, from the fault to the first good answer | Served again after | Last bad answer |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  ];
  let broken = false;
  for (const fault of faults) {
    const missing = missingFor(fault);
    if (missing === undefined) {
      const result = await runFault(fault);
      rows.push(rowOf(result));
      broken ||= result.unproven.length > 0 || result.others.some((one) => !isLoose(one));
    } else rows.push(skippedRow(fault, missing));
    say(rows.at(-1) ?? '');
  }
  releaseFullDisk(full);
  return { rows, broken };
}

function rowOf({ name, how, judgement, unproven, seen, servedAgainMs, lastFailureMs }: FaultResult): string {
  const answers = Object.entries(seen).map(([status, count]) => `${status} × ${count}`);
  const cells = [
    name,
    how,
    judgement.requests,
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
    `| at the upstream | ${judgement.hits} |`,
    `| decisions, of them allows | ${judgement.decisions}, ${judgement.allows} |`,
    `| requests without a decision in Envoy's log, counted by gap records | ${judgement.undecided}, ${judgement.gaps} |`,
    `| denials folded, counted by aggregate records | ${judgement.folded}, ${judgement.aggregated} |`,
    `| allows closed as \`unknown\` | ${judgement.unknown} |`,
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
  const pattern = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(\n<!-- /${name} -->)`);
  if (!pattern.test(page)) throw new Error(`docs/reliability.md has no section ${name}`);
  return page.replace(pattern, (_, before: string, after: string) => `${before}${lines.join('\n')}${after}`);
}

const faults = await faultRows();
const mixed = await runMixed({
  requests: Number(values.requests),
  kills: Number(values.kills),
  concurrent: Number(values.concurrent),
  seed: newSeed(),
  progress: say,
});
const brokenMixed = brokenSentences(mixed);
let page = readFileSync(PAGE, 'utf8');
page = replaceSection(page, 'machine', [machine()]);
page = replaceSection(page, 'faults', faults.rows);
page = replaceSection(page, 'mixed', mixedRows(mixed, brokenMixed));
writeFileSync(PAGE, page);
for (const one of brokenMixed) say(one);
process.exit(faults.broken || brokenMixed.length > 0 ? 1 : 0);
