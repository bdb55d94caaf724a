#!/usr/bin/env node
// Writes the generated code, or with --check fails when what is committed differs from what would be written.
// Each generator is a file under bin/gen/ that exports `generate(): Promise<Map<path from the root, text>>`.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const GENERATORS = ['proto', 'policy'];

const check = process.argv.includes('--check');
const stale = [];
for (const [path, text] of await generateAll()) {
  if ((await textOf(join(root, path))) === text) continue;
  stale.push(path);
  if (!check) await replace(join(root, path), text);
}
report();

async function generateAll() {
  const files = new Map();
  for (const name of GENERATORS) {
    const module = join(root, 'bin', 'gen', `${name}.mjs`);
    if (!existsSync(module)) continue;
    const { generate } = await import(pathToFileURL(module).href);
    for (const [path, text] of await generate()) files.set(path, text);
  }
  return files;
}

async function textOf(path) {
  return existsSync(path) ? readFile(path, 'utf8') : undefined;
}

async function replace(path, text) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

function report() {
  if (stale.length === 0) return;
  const lines = stale.map((path) => `  ${path}\n`).join('');
  process.stderr.write(check ? `out of date, run npm run gen:\n${lines}` : `generated:\n${lines}`);
  if (check) process.exitCode = 1;
}
