import { createHash } from 'node:crypto';
import type { DecisionRecord } from '../core/receipt/records.ts';
import { CliError, EXIT } from './exit.ts';
import { inspectionNote } from './inspection_text.ts';
import { follow, type Receipt, receipts } from './journal_reader.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { explanation, requestLine, summary } from './receipt_text.ts';

const LIST_DEFAULT = 20;
const TAIL_DEFAULT = 10;
const LIST_MAX = 100_000;

function journalDir(flags: Flags): string {
  return layoutFor(settingsFor(flags)).journal_dir;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** `receipts list`: the newest decisions that match, oldest of them first. */
export function listReceipts(flags: Flags): number {
  const found = newest(flags, LIST_DEFAULT);
  for (const receipt of found) show(receipt, flags);
  if (found.length === 0 && flags['json'] !== true) process.stderr.write('no matching receipts\n');
  return EXIT.ok;
}

/** `receipts tail`: the last few, then each as it becomes durable, until Ctrl-C. */
export async function tailReceipts(flags: Flags): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const wanted = filterOf(flags);
  const stream = follow(journalDir(flags), stop.signal);
  // Following begins before the list is read: what comes in between is seen twice and shown once.
  let next = stream.next();
  const listed = newest(flags, TAIL_DEFAULT);
  for (const receipt of listed) show(receipt, flags);
  const lastSeq = listed.at(-1)?.decision.record.seq ?? -1;
  for (let step = await next; step.done !== true; step = await next) {
    const { record, segment, line } = step.value;
    next = stream.next();
    if (record.type !== 'decision' || record.seq <= lastSeq || !wanted(record)) continue;
    show({ decision: { record, segment, line } }, flags);
  }
  return EXIT.ok;
}

function newest(flags: Flags, fallback: number): readonly Receipt[] {
  const limit = countOf(flags['limit'], fallback);
  const found: Receipt[] = [];
  if (limit === 0) return found;
  for (const receipt of receipts(journalDir(flags), filterOf(flags))) {
    found.push(receipt);
    if (found.length >= limit) break;
  }
  return found.reverse();
}

function show(receipt: Receipt, flags: Flags): void {
  print(
    flags['json'] === true
      ? asJson(receipt)
      : `${summary(receipt.decision.record)}${inspectionNote(receipt)}`,
  );
}

/** `receipts show <id>`: the record as it was signed, and its outcome. */
export function showReceipt(id: string, flags: Flags): number {
  const { decision, ...rest } = one(flags, byId(id), `no receipt has the id or request id ${id}`);
  const { record, segment, line } = decision;
  const line_hash = createHash('sha256').update(line).digest('hex');
  print(JSON.stringify({ segment, line_hash, record, ...becameOf(rest) }, null, 2));
  return EXIT.ok;
}

/** `receipts why [id]`: what happened, in words. `--agent X --last` finds the newest of an agent. */
export function whyReceipt(id: string | undefined, flags: Flags): number {
  const receipt = one(flags, ...wantedOne(id, flags));
  print(flags['json'] === true ? asJson(receipt) : explanation(receipt).trimEnd());
  return EXIT.ok;
}

function wantedOne(id: string | undefined, flags: Flags): [(decision: DecisionRecord) => boolean, string] {
  if (id !== undefined) return [byId(id), `no receipt has the id or request id ${id}`];
  const { agent } = flags;
  if (typeof agent === 'string')
    return [(record) => record.identity?.agent_id === agent, `agent ${agent} has no receipts`];
  if (flags['last'] === true) return [() => true, 'there are no receipts yet'];
  throw new CliError(
    EXIT.usage,
    'which receipt?',
    'give a receipt id or x-request-id, or --agent <id> --last, or --last',
  );
}

function byId(id: string): (decision: DecisionRecord) => boolean {
  return (record) => record.receipt_id === id || record.request_id === id;
}

function one(flags: Flags, wanted: (decision: DecisionRecord) => boolean, missing: string): Receipt {
  for (const receipt of receipts(journalDir(flags), wanted)) return receipt;
  throw new CliError(EXIT.no, missing, '`clawgress receipts list` shows the newest; check --state-dir');
}

function filterOf(flags: Flags): (decision: DecisionRecord) => boolean {
  const tests: ((record: DecisionRecord) => boolean)[] = [];
  const on = (name: string, test: (record: DecisionRecord, value: string) => boolean) => {
    const value = flags[name];
    if (typeof value === 'string') tests.push((record) => test(record, value));
  };
  on('agent', (record, agent) => record.identity?.agent_id === agent);
  on('verdict', (record, verdict) => record.verdict === verdict);
  on('reason', (record, reason) => record.reason === reason);
  on('host', (record, host) => record.request.authority === host);
  return (record) => tests.every((test) => test(record));
}

function countOf(value: string | boolean | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  const count = Number(value);
  if (Number.isInteger(count) && count >= 0 && count <= LIST_MAX) return count;
  throw new CliError(EXIT.usage, `--limit: found '${String(value)}'; allowed: 0 to ${LIST_MAX}`);
}

function becameOf({ outcome, inspections }: Partial<Receipt>): object {
  return {
    ...(outcome === undefined ? {} : { outcome }),
    ...(inspections === undefined ? {} : { inspections }),
  };
}

function asJson({ decision, ...rest }: Receipt): string {
  const { record, segment } = decision;
  return JSON.stringify({
    request_line: requestLine(record),
    segment,
    ...record,
    ...becameOf(rest),
  });
}
