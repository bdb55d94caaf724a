import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keptOpen } from '../../support/kept_open.ts';
import { type NaiveRecord, readJournal } from '../../support/naive_journal.ts';
import { type DemoAgent, type Running, startClawgress } from '../../support/running.ts';

const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));

/** Bytes of a body as large as any that is held. */
export const BODY_BYTES = 16 * 1024 * 1024;

export interface UploadWorld {
  readonly running: Running;
  readonly agents: readonly Pick<DemoAgent, 'agent_id' | 'api_key'>[];
  readonly authority: string;
  /** Sizes of the bodies that arrived. */
  readonly arrived: number[];
  records(): readonly NaiveRecord[];
  close(): Promise<void>;
}

/** A gateway with so many agents, and an upstream whose `/upload` is held to a contract and whose `/plain` is not. */
export async function openUploads(agents: number): Promise<UploadWorld> {
  const stateDir = mkdtempSync(join(tmpdir(), 'cg-uploads-'));
  const address = `127.79.${process.pid & 0xff}.${1 + ((process.pid >> 8) & 0x7f)}`;
  const arrived: number[] = [];
  const upstream = http.createServer((request, response) => {
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    request.on('end', () => {
      if (bytes > 0) arrived.push(bytes);
      response.end('ok\n');
    });
  });
  keptOpen(upstream);
  await new Promise<void>((resolve) => upstream.listen(0, address, resolve));
  const { port } = upstream.address() as AddressInfo;
  const config = join(stateDir, 'clawgress.yaml');
  writeFileSync(config, `upstream: {allow_cidrs: [${address}/32]}\ncheck_timeout_ms: 10000\n`);
  writeFileSync(join(stateDir, 'policy.yaml'), policy(address, port), { mode: 0o600 });
  const running = await startClawgress({ stateDir, args: ['--config', config] });
  const { journal_dir, public_keys } = running.endpoints;
  return {
    running,
    agents: Array.from({ length: agents }, (_, index) => addAgent(`uploads-${index}`, stateDir, config)),
    authority: `${address}:${port}`,
    arrived,
    records: () => readJournal(journal_dir, public_keys),
    close: async () => {
      await running.stop();
      upstream.closeAllConnections();
      await new Promise((resolve) => upstream.close(resolve));
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function addAgent(id: string, stateDir: string, config: string): { agent_id: string; api_key: string } {
  const who = ['--team', 'load', '--project', 'uploads', '--environment', 'test'];
  const args = ['agent', 'add', id, ...who, '--json', '--state-dir', stateDir, '--config', config];
  const { status, stdout, stderr } = spawnSync(CLI, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`agent add: ${stderr}`);
  return JSON.parse(stdout);
}

function policy(address: string, port: number): string {
  const to = `destination: {hosts: ["${address}"], ports: [${port}], schemes: [http]}`;
  return `schema: clawgress/policy/v1
id: uploads
schemas:
  - {id: list.v1, draft: 2020-12, schema: {type: array, items: {type: string}}}
rules:
  - id: uploads
    match: {${to}, methods: [POST], path_prefixes: [/upload]}
    action: allow
    request: {format: json, schema: list.v1, max_bytes: ${BODY_BYTES}}
  - id: plain
    match: {${to}, methods: [GET], path_prefixes: [/plain]}
    action: allow
`;
}

/** A list of texts, exactly as long as a body may be. */
export function largestBody(): Buffer {
  const item = `"${'x'.repeat(1_021)}",`;
  const body = Buffer.alloc(BODY_BYTES, item);
  body.write('[', 0);
  const full = Math.floor((BODY_BYTES - 1) / item.length) - 1;
  body.write(item.repeat(full), 1);
  const at = 1 + full * item.length;
  body.write(`"${'x'.repeat(BODY_BYTES - at - 3)}"]`, at);
  JSON.parse(body.toString());
  return body;
}

/** Resident bytes of a process. */
export function residentBytes(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
