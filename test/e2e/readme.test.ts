/** The README's own commands, run as they stand: the five-minute tour and the check with stock tools. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PATIENT, type Running, startClawgress } from '../support/running.ts';

const TIMEOUT_MS = 300_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
let running: Running;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cg-readme-'));
  symlinkSync(join(ROOT, 'bin'), join(folder, 'bin'));
  running = await startClawgress({ stateDir: join(folder, '.clawgress'), env: PATIENT });
});
after(async () => {
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
});

function block(containing: string): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const found = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)]
    .map(([, text]) => text ?? '')
    .find((text) => text.includes(containing));
  assert.ok(found, `README has a block with ${containing}`);
  return found;
}

function shell(script: string): Promise<{ code: number | null; out: string }> {
  const child = spawn('bash', ['-euc', script], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out })));
}

it('the five-minute tour does what it says', { timeout: TIMEOUT_MS }, async () => {
  // `tail` follows for ever; a reader presses Ctrl-C.
  const tour = block('receipts tail').replace(
    'bin/clawgress receipts tail',
    'timeout -s INT 3 bin/clawgress receipts tail || true',
  );
  const { code, out } = await shell(tour);
  assert.equal(code, 0, out);
  assert.match(out, /HTTP\/1\.1 200 OK/);
  assert.match(out, /HTTP\/1\.1 403 Forbidden/);
  assert.match(out, /POLICY_NO_MATCH/);
  assert.match(out, /VERIFIED/);
  assert.match(out, /0 differences/);
});

it('plain OpenSSL verifies a receipt, and refuses a changed one', { timeout: TIMEOUT_MS }, async () => {
  const script = block('openssl pkeyutl');
  const good = await shell(script);
  assert.equal(good.code, 0, good.out);
  assert.match(good.out, /Signature Verified Successfully/);
  const signed = join(folder, 'signed.bin');
  const bytes = readFileSync(signed);
  bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
  writeFileSync(signed, bytes);
  const bad = await shell(
    'openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed.bin -sigfile signature.bin',
  );
  assert.notEqual(bad.code, 0);
});
