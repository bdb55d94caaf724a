import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { journalLines, type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { notInOwnNetwork } from '../../support/own_network.ts';
import { type DemoAgent, eventually, PATIENT, type Running, startClawgress } from '../../support/running.ts';
import { type Command, type Done, runIn, TRANSPARENT_SETTINGS, UIDS } from './agents.ts';
import { startNames } from './names.ts';
import { LIMITED_AGENT, matrixPolicy } from './policy.ts';
import { type MatrixUpstream, startUpstream } from './upstream.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const NFT = 'nft';
/** `discard`: no program gets it by chance, as it gets one that was free a moment ago. */
const DOWN_PORT = 9;

/** One gateway, one destination and a folder for the clients, for all cells. */
export interface MatrixWorld {
  readonly running: Running;
  readonly upstream: MatrixUpstream;
  /** Where nobody listens. */
  readonly downPort: number;
  /** PEM file that trusts the gateway's authority and the destination's, and nothing else. */
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
  writeFileSync(trust, [...ownRoots(ca_bundle), upstream.ca].join('\n'));
  return {
    ...{ running, upstream, downPort: DOWN_PORT, trust, folder, unredirected },
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

/**
 * Without the public ones. Some clients read them all once they are connected, and who is redirected has a few seconds for
 * its first bytes.
 */
function ownRoots(bundle: string): readonly string[] {
  const all = readFileSync(bundle, 'utf8').match(
    /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g,
  );
  const known = new Set(rootCertificates.map((pem) => pem.trim()));
  return (all ?? []).filter((pem) => !known.has(pem));
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
  const transparent = redirects ? TRANSPARENT_SETTINGS : '';
  writeFileSync(at('destination.pem'), upstream.ca);
  writeFileSync(
    at('clawgress.yaml'),
    `upstream: {allow_cidrs: [127.0.0.1/32], ca_bundle: ${at('destination.pem')}}\n${transparent}`,
  );
  writeFileSync(at('policy.yaml'), matrixPolicy(), { mode: 0o600 });
  const flags = ['--state-dir', stateDir, '--config', at('clawgress.yaml')];
  const running = await startClawgress({ stateDir, args: flags.slice(2), env: PATIENT });
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
