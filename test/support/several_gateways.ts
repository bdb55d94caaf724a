/** Several gateways around one recorder: a load with a nonce in each path, and what has to hold of it. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { type NaiveRecord, readJournal } from './naive_journal.ts';
import type { Running } from './running.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f-]{27}/;
const PARALLEL = 12;
const AFTER_503_MS = 100;

export const uuidIn = (path?: string): string | undefined => UUID.exec(path ?? '')?.[0];

export const gatewayPid = (running: Running, number: number): number =>
  running.childPid(`gateway\0--number\0${number}`);

export const journalOf = ({ endpoints }: Running): NaiveRecord[] =>
  readJournal(endpoints.journal_dir, endpoints.public_keys);

/** Paths of the requests that the demo's upstream got. */
export async function demoPaths({ endpoints }: Running): Promise<string[]> {
  const hits: { path: string }[] = JSON.parse(await (await fetch(endpoints.demo.hits_url)).text());
  return hits.map(({ path }) => path);
}

/** Sends until `count` are through; `at` happens once, before so many. */
export async function drive<Sent extends { readonly status: number | undefined }>(
  count: number,
  send: (index: number) => Promise<Sent>,
  at: ReadonlyMap<number, () => unknown> = new Map(),
): Promise<Sent[]> {
  const sent: Sent[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      await at.get(index)?.();
      const one = await send(index);
      sent.push(one);
      if (one.status === 503) await new Promise((resolve) => setTimeout(resolve, AFTER_503_MS));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return sent;
}

export function decisionsByNonce(records: readonly NaiveRecord[]): Map<string, NaiveRecord[]> {
  const found = new Map<string, NaiveRecord[]>();
  for (const record of records) {
    const nonce = record['type'] === 'decision' ? uuidIn(record['request'].path) : undefined;
    if (nonce !== undefined) found.set(nonce, [...(found.get(nonce) ?? []), record]);
  }
  return found;
}

/** Nothing arrived twice, and one allow stands behind whatever did. */
export function requireAllowed(
  paths: readonly string[],
  decisions: ReadonlyMap<string, readonly NaiveRecord[]>,
): ReadonlySet<string> {
  const reached = paths.flatMap((path) => uuidIn(path) ?? []);
  assert.equal(new Set(reached).size, reached.length, 'no request reached the upstream twice');
  for (const nonce of reached) {
    const verdicts = (decisions.get(nonce) ?? []).map(({ verdict }) => verdict);
    assert.deepEqual(verdicts, ['allow'], `one allow stands behind ${nonce}`);
  }
  return new Set(reached);
}

export interface Ready {
  /** 0: nobody answered. */
  readonly code: number;
  readonly ready?: boolean;
  readonly policy?: { readonly digest: string };
  readonly recorder?: { readonly reachable: boolean; readonly head_seq: number };
  readonly gateways?: readonly { readonly gateway_id: string; readonly serving: boolean }[];
}

export async function readyNow({ endpoints }: Running): Promise<Ready> {
  try {
    const answer = await fetch(endpoints.metrics.replace(/metrics$/, 'ready'));
    return { code: answer.status, ...((await answer.json()) as object) };
  } catch {
    return { code: 0 };
  }
}

/** For `eventually`. */
export async function allServe(running: Running): Promise<Ready | undefined> {
  const now = await readyNow(running);
  return now.ready && now.gateways?.every(({ serving }) => serving) ? now : undefined;
}

/** Tells a gateway to end, and resolves when it has begun to. */
export function drain({ stateDir }: Running, number: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socketPath = join(stateDir, 'run', 'sockets', `gateway-${number}.sock`);
    request({ socketPath, method: 'POST', path: '/drain' }, (answer) => resolve(answer.resume()))
      .once('error', reject)
      .end();
  });
}
