import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newHome } from '../../integration/clients/world.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { PATIENT, type Running, startClawgress } from '../../support/running.ts';
import { aiPolicy } from './policy.ts';
import { type Providers, startProviders } from './providers.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));
const SCRIPTS = fileURLToPath(new URL('.', import.meta.url));

/** What one of the scripts says about its call. */
export interface Told {
  readonly ok: boolean;
  readonly text?: string;
  readonly calls?: readonly { readonly name: string; readonly arguments: string }[];
  readonly tools?: readonly string[];
  readonly usage?: { readonly input: number; readonly output: number };
  readonly error?: { name?: string; status?: number; code?: string | number; message: string };
}

export type Language = 'node' | 'python';

export interface AiWorld {
  readonly running: Running;
  readonly providers: Providers;
  /** Why there are no Python clients. */
  readonly withoutPython: string | undefined;
  /** A script as an agent runs it, `clawgress run -- node model_client.mjs …`; what it says, line by line. */
  run(language: Language, script: 'model_client' | 'mcp_client', asked: object): Promise<readonly Told[]>;
  records(): readonly NaiveRecord[];
  close(): Promise<void>;
}

export async function startAi(): Promise<AiWorld> {
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-ai-'));
  const at = (name: string) => join(stateDir, name);
  const providers = await startProviders();
  const home = newHome();
  writeFileSync(at('providers.pem'), providers.ca);
  writeFileSync(
    at('clawgress.yaml'),
    `upstream: {allow_cidrs: [127.0.0.1/32], ca_bundle: ${at('providers.pem')}}\n`,
  );
  writeFileSync(at('policy.yaml'), aiPolicy(providers.port), { mode: 0o600 });
  const running = await startClawgress({
    stateDir,
    args: ['--config', at('clawgress.yaml')],
    env: PATIENT,
  }).catch(async (error: unknown) => {
    await providers.close();
    throw error;
  });
  const { journal_dir, public_keys } = running.endpoints;
  return {
    ...{ running, providers, withoutPython: home.withoutPython },
    async run(language, script, asked) {
      const program =
        language === 'node' ? ['node', `${SCRIPTS}${script}.mjs`] : ['python3', `${SCRIPTS}${script}.py`];
      const args = [
        ...['run', '--state-dir', stateDir, '--config', at('clawgress.yaml'), '--agent', 'demo-agent', '--'],
        ...[...program, JSON.stringify(asked)],
      ];
      const done = await home.run(CLI, args);
      const lines = done.out.split('\n').filter((line) => line.startsWith('{'));
      if (lines.length === 0) throw new Error(`${script} said nothing: ${done.out}${done.err}`);
      return lines.map((line) => JSON.parse(line) as Told);
    },
    records: () => readJournal(journal_dir, public_keys),
    async close() {
      await running.stop();
      running.remove();
      await providers.close();
      home.remove();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
