import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../integration/intercept/gateway.ts';
import { journalLines, type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { notInOwnNetwork } from '../../support/own_network.ts';
import { type DemoAgent, eventually, type Running, startClawgress } from '../../support/running.ts';
import { type Command, type Done, runIn, TRANSPARENT_SETTINGS, UIDS } from './agents.ts';
import { startNames } from './names.ts';
import { LIMITED_AGENT, matrixPolicy } from './policy.ts';
import { type MatrixUpstream, startUpstream } from './upstream.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const NFT = 'nft';

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
  /** Why nobody is redirected here. */
  readonly unredirected: string | undefined;
  /** A client program in a clean environment. */
  run(command: Command): Promise<Done>;
  close(): Promise<void>;
}

export async function startMatrix(): Promise<MatrixWorld> {
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-matrix-'));
  const folder = mkdtempSync(join(tmpdir(), 'cg-matrix-clients-'));
  const unredirected = notInOwnNetwork();
  const names = unredirected === undefined ? await startNames() : undefined;
  const upstream = await startUpstream();
  const tidy = async () => {
    names?.close();
    await upstream.close();
    for (const one of [stateDir, folder]) rmSync(one, { recursive: true, force: true });
  };
  // Clients of other users keep their downloads here.
  chmodSync(folder, 0o777);
  const running = await startGateway(stateDir, upstream, unredirected === undefined).catch(
    async (error: unknown) => {
      await tidy();
      throw error;
    },
  );
  const { ca_bundle, explicit_proxy, journal_dir, public_keys } = running.endpoints;
  const trust = join(folder, 'trust.pem');
  writeFileSync(trust, `${readFileSync(ca_bundle, 'utf8')}\n${upstream.ca}`);
  return {
    ...{ running, upstream, downPort: await freePort(), trust, folder, unredirected },
    agent(limited) {
      const found = running.agents.find(({ agent_id }) => (agent_id === LIMITED_AGENT) === limited);
      if (found === undefined) throw new Error('the demo has no such agent');
      return found;
    },
    proxy: (agent) =>
      agent ? explicit_proxy.replace('//', `//${agent.agent_id}:${agent.api_key}@`) : explicit_proxy,
    records: recordsOnce(journal_dir, public_keys),
    run: (command) => runIn(folder, command),
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

async function startGateway(
  stateDir: string,
  upstream: MatrixUpstream,
  redirects: boolean,
): Promise<Running> {
  const at = (name: string) => join(stateDir, name);
  const demo = `demo: {address: 127.0.0.1, http_port: ${await freePort()}, https_port: ${await freePort()}}`;
  const transparent = redirects ? TRANSPARENT_SETTINGS : '';
  writeFileSync(at('destination.pem'), upstream.ca);
  writeFileSync(
    at('clawgress.yaml'),
    `${demo}\nupstream: {ca_bundle: ${at('destination.pem')}}\n${transparent}`,
  );
  writeFileSync(at('policy.yaml'), matrixPolicy(), { mode: 0o600 });
  const flags = ['--state-dir', stateDir, '--config', at('clawgress.yaml')];
  const running = await startClawgress({ stateDir, args: flags.slice(2) });
  if (redirects) await redirect(running, flags);
  return running;
}

/** As an operator would: who stands behind which user id, then the firewall rules. */
async function redirect(running: Running, flags: readonly string[]): Promise<void> {
  const cli = (...args: string[]) => execFileSync(CLI, [...args, ...flags], { encoding: 'utf8' });
  const swaps = () => running.output().split('snapshot swapped').length;
  for (const { agent_id } of running.agents) {
    const before = swaps();
    cli('agent', 'bind', agent_id, '--uid', String(agent_id === LIMITED_AGENT ? UIDS.limited : UIDS.free));
    await eventually(() => (swaps() > before ? true : undefined), `the binding of ${agent_id}`);
  }
  execFileSync(NFT, ['-f', '-'], { input: cli('intercept', 'nftables', 'render') });
}
