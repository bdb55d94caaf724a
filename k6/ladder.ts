/**
 * The first ladder: direct, Envoy alone, Envoy + Clawgress (durable signed receipt for each request), in turn, in
 * the same run on the same machine, so that only differences and ratios are read. `npm run bench -- --help`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPlainEnvoy } from './plain_envoy.ts';
import { median, printTable, type Row, type Rung } from './table.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    loads: { type: 'string', default: '300,1000,max' },
    gateways: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(
    'npm run bench -- [--rounds 3] [--seconds 10] [--loads 300,1000,max] [--gateways 1] [--json]\n' +
      'More than one gateway: each in a process of its own, and the recorder in another.\n' +
      'Needs k6 ($K6_BIN or on PATH: go install go.k6.io/k6@v1.8.1). `max` = 32 clients in a closed loop.\n' +
      'Traffic goes to loopback only.\n',
  );
  process.exit(0);
}

const K6 = process.env['K6_BIN'] ?? 'k6';
const ROOT = new URL('..', import.meta.url).pathname;
const READY_TIMEOUT_MS = 60_000;

interface Endpoints {
  readonly explicit_proxy: string;
  readonly demo: { readonly upstream_http: string };
}

async function startClawgress(
  stateDir: string,
): Promise<{ child: ChildProcess; endpoints: Endpoints; auth: string }> {
  const child = spawn(join(ROOT, 'bin/clawgress'), ['up', '--state-dir', stateDir, '--ports', 'auto'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, CLAWGRESS_GATEWAYS: values.gateways },
  });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('clawgress up was not ready in time')), READY_TIMEOUT_MS);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!/ready/i.test(chunk.toString())) return;
      clearTimeout(timer);
      resolve();
    });
    child.on('exit', (code) => reject(new Error(`clawgress up exited with ${code}`)));
  });
  const read = (name: string) => JSON.parse(readFileSync(join(stateDir, 'run', name), 'utf8'));
  const agent = read('demo-credentials.json').agents[0];
  const auth = `Basic ${Buffer.from(`${agent.agent_id}:${agent.api_key}`).toString('base64')}`;
  return { child, endpoints: read('endpoints.json'), auth };
}

function measure(rung: Rung, load: string, dir: string): Row {
  const out = join(dir, 'row.json');
  const rate = load === 'max' ? { VUS: '32' } : { RPS: load };
  const vars = {
    TARGET: rung.target,
    HOST: rung.host,
    AUTH: rung.auth,
    SECONDS: values.seconds,
    OUT: out,
    ...rate,
  };
  const flags = Object.entries(vars).flatMap(([name, value]) =>
    value === undefined ? [] : ['-e', `${name}=${value}`],
  );
  execFileSync(K6, ['run', '--quiet', '--no-usage-report', ...flags, join(ROOT, 'k6/request.js')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return JSON.parse(readFileSync(out, 'utf8'));
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-bench-'));
  const state = join(dir, 'state');
  const { child, endpoints, auth } = await startClawgress(state);
  let plain: Awaited<ReturnType<typeof startPlainEnvoy>> | undefined;
  try {
    plain = await startPlainEnvoy(state, dir);
    const upstream = new URL(endpoints.demo.upstream_http);
    const rungs: Rung[] = [
      { name: 'direct', target: `${upstream.origin}/hello` },
      { name: 'envoy', target: `http://127.0.0.1:${plain.port}/hello`, host: upstream.host },
      { name: 'clawgress', target: `${endpoints.explicit_proxy}/hello`, host: upstream.host, auth },
    ];
    // Not counted: V8 needs some ten thousand requests before its code is as fast as it stays.
    for (const rung of rungs) measure(rung, 'max', dir);
    const results = [];
    for (const load of values.loads.split(',')) {
      const rounds: Record<string, Row[]> = {};
      for (let round = 0; round < Number(values.rounds); round++) {
        for (const rung of rungs) {
          const row = measure(rung, load, dir);
          rounds[rung.name] = [...(rounds[rung.name] ?? []), row];
          process.stderr.write(`${load} round ${round + 1} ${rung.name}: ${JSON.stringify(row)}\n`);
        }
      }
      results.push({
        load,
        rows: Object.fromEntries(rungs.map(({ name }) => [name, median(rounds[name] ?? [])])),
      });
    }
    const machine = `${cpus()[0]?.model.trim()} x ${cpus().length}, Node ${process.version}`;
    if (values.json)
      process.stdout.write(
        `${JSON.stringify({ machine, gateways: Number(values.gateways), rounds: Number(values.rounds), seconds: Number(values.seconds), results }, null, 2)}\n`,
      );
    else printTable(machine, results);
  } finally {
    plain?.stop();
    child.kill('SIGINT');
    await new Promise((resolve) => child.once('exit', resolve));
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
