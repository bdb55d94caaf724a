import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import type { ClientKind } from './client_list.ts';
import type { Probe } from './probes.ts';
import { reasonOf } from './self_test_reason.ts';

const PROBE_TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 65_536;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface SelfTestOptions {
  readonly inherited: Environment;
  /** The client variables for a proxy of this URL; the credential is in it. */
  variablesFor(proxyUrl: string): Readonly<Record<string, string>>;
  readonly proxy_url: string;
  /** One per scheme: http first. */
  readonly targets: readonly { readonly scheme: 'http' | 'https'; readonly url: string }[];
}

/** `held`: the request went through the gateway, and does not arrive without it. */
export interface SelfTestFinding {
  readonly client: ClientKind;
  readonly scheme: 'http' | 'https';
  readonly status: 'held' | 'not_covered' | 'missing';
  /** Without secrets. */
  readonly reason: string;
  readonly next?: string;
}

/** Runs one client against each target: through the gateway, and then against a proxy that refuses everything. */
export async function selfTest(probe: Probe, options: SelfTestOptions): Promise<readonly SelfTestFinding[]> {
  const findings: SelfTestFinding[] = [];
  for (const target of options.targets) {
    const found = isInstalled(probe.program, options.inherited)
      ? await testOne(probe, target.url, options)
      : { status: 'missing' as const, reason: `${probe.program} is not installed here` };
    findings.push({ client: probe.kind, scheme: target.scheme, ...found });
  }
  return findings;
}

type Found = Pick<SelfTestFinding, 'status' | 'reason' | 'next'>;

async function testOne(probe: Probe, url: string, options: SelfTestOptions): Promise<Found> {
  const through = await runProbe(probe, url, options, options.proxy_url);
  if (!probe.reached(through.code, through.out)) {
    return { status: 'not_covered', ...reasonOf(probe.kind, through.out, options.proxy_url) };
  }
  const trap = await startTrap();
  try {
    const control = await runProbe(probe, url, options, trap.url(options.proxy_url));
    if (!probe.reached(control.code, control.out))
      return { status: 'held', reason: 'only through the gateway' };
    return {
      status: 'not_covered',
      reason: 'goes around the proxy: it arrived although the proxy refused it',
      next: 'use transparent interception for this program; see docs/clients.md',
    };
  } finally {
    await trap.close();
  }
}

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

async function runProbe(probe: Probe, url: string, options: SelfTestOptions, proxyUrl: string): Promise<Ran> {
  const scratch = mkdtempSync(join(tmpdir(), 'clawgress-probe-'));
  try {
    for (const [name, text] of Object.entries(probe.files ?? {})) writeFileSync(join(scratch, name), text);
    const { args, env } = probe.run(url, scratch, options.inherited);
    return await runToEnd(probe.program, args, {
      ...options.inherited,
      ...options.variablesFor(proxyUrl),
      ...env,
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function runToEnd(program: string, args: readonly string[], env: Environment): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        out = `${out}${chunk.toString('utf8')}`.slice(0, OUTPUT_BYTES_MAX);
      });
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), PROBE_TIMEOUT_MS);
    const done = (code: number | null, more = '') => {
      clearTimeout(timer);
      resolve({ code, out: `${out}${more}` });
    };
    child.once('error', (error) => done(null, error.message));
    child.once('close', (code, signal) => done(code, signal === null ? '' : `ended by ${signal}`));
  });
}

interface Trap {
  /** The same URL, credential included, with the trap's address. */
  url(proxyUrl: string): string;
  close(): Promise<void>;
}

/** A proxy that refuses everything: what still arrives went around it. */
async function startTrap(): Promise<Trap> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () =>
      socket.end('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url(proxyUrl) {
      const url = new URL(proxyUrl);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return url.href.replace(/\/$/, '');
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function isInstalled(program: string, env: Environment): boolean {
  const paths = isAbsolute(program)
    ? [program]
    : (env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, program));
  return paths.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
