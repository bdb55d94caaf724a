import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../integration/intercept/gateway.ts';
import { journalLines, type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { type DemoAgent, type Running, startClawgress } from '../../support/running.ts';
import { LIMITED_AGENT, matrixPolicy } from './policy.ts';
import { type MatrixUpstream, startUpstream } from './upstream.ts';

export interface Done {
  readonly code: number | null;
  /** Standard output and error. */
  readonly out: string;
}

/** One gateway, one destination and a folder for the clients, for all cells. */
export interface MatrixWorld {
  readonly running: Running;
  readonly upstream: MatrixUpstream;
  /** Where nobody listens. */
  readonly downPort: number;
  /** PEM file that trusts the gateway's authority and the destination's. */
  readonly trust: string;
  readonly folder: string;
  agent(limited: boolean): DemoAgent;
  /** With the agent's credential, or with none. */
  proxy(agent: DemoAgent | undefined): string;
  records(): readonly NaiveRecord[];
  /** A client program in a clean environment. `started` gets the process. */
  run(
    command: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
    started?: (child: ChildProcess) => void,
  ): Promise<Done>;
  close(): Promise<void>;
}

export async function startMatrix(): Promise<MatrixWorld> {
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-matrix-'));
  const folder = mkdtempSync(join(tmpdir(), 'cg-matrix-clients-'));
  const upstream = await startUpstream();
  const tidy = async () => {
    await upstream.close();
    for (const one of [stateDir, folder]) rmSync(one, { recursive: true, force: true });
  };
  const running = await startGateway(stateDir, upstream).catch(async (error: unknown) => {
    await tidy();
    throw error;
  });
  const { ca_bundle, explicit_proxy, journal_dir, public_keys } = running.endpoints;
  const trust = join(folder, 'trust.pem');
  writeFileSync(trust, `${readFileSync(ca_bundle, 'utf8')}\n${upstream.ca}`);
  return {
    ...{ running, upstream, downPort: await freePort(), trust, folder },
    agent(limited) {
      const found = running.agents.find(({ agent_id }) => (agent_id === LIMITED_AGENT) === limited);
      if (found === undefined) throw new Error('the demo has no such agent');
      return found;
    },
    proxy: (agent) =>
      agent ? explicit_proxy.replace('//', `//${agent.agent_id}:${agent.api_key}@`) : explicit_proxy,
    records: recordsOnce(journal_dir, public_keys),
    run: (command, args, env = {}, started = () => undefined) => runIn(folder, command, args, env, started),
    async close() {
      await running.stop();
      await tidy();
    },
  };
}

/** Verifies the journal again only when it has grown: every cell asks for it many times. */
function recordsOnce(folder: string, keys: string): () => readonly NaiveRecord[] {
  let known: readonly NaiveRecord[] = [];
  return () => {
    if (journalLines(folder).length !== known.length) known = readJournal(folder, keys);
    return known;
  };
}

async function startGateway(stateDir: string, upstream: MatrixUpstream): Promise<Running> {
  const at = (name: string) => join(stateDir, name);
  const demo = `demo: {address: 127.0.0.1, http_port: ${await freePort()}, https_port: ${await freePort()}}`;
  writeFileSync(at('destination.pem'), upstream.ca);
  writeFileSync(at('clawgress.yaml'), `${demo}\nupstream: {ca_bundle: ${at('destination.pem')}}\n`);
  writeFileSync(at('policy.yaml'), matrixPolicy(), { mode: 0o600 });
  return startClawgress({ stateDir, args: ['--config', at('clawgress.yaml')] });
}

function runIn(
  folder: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  started: (child: ChildProcess) => void,
): Promise<Done> {
  const clean = { PATH: process.env['PATH'] ?? '', HOME: folder, LANG: 'C.UTF-8', ...env };
  const child = spawn(command, args, { cwd: folder, env: clean, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')));
  started(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out }));
  });
}
