// Compiles src/ to dist/ and copies the generated JavaScript and the data files. The digest of all inputs is kept beside
// the output, so that an unchanged checkout is not compiled again and the running code can name its build.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFile = join(dist, 'build.json');
/** Data that the code reads at run time, by their place below src/. */
const DATA_TO_COPY = [join('core', 'ai', 'prices.json')];
const GENERATED_TO_COPY = /\.(js|cjs|mjs|json)$/;

/** True when dist/ was built from exactly these sources. */
export function buildIsCurrent() {
  if (!existsSync(stampFile)) return false;
  return JSON.parse(readFileSync(stampFile, 'utf8')).source_digest === sourceDigest();
}

/** Builds; returns undefined, or the compiler's messages when it failed (dist/ is then left as it was). */
export function build() {
  const digest = sourceDigest();
  const out = join(root, '.cache', `build-${process.pid}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  try {
    const problem = compile(out);
    if (problem !== undefined) return problem;
    copyGenerated(out);
    for (const file of DATA_TO_COPY) cpSync(join(root, 'src', file), join(out, file));
    writeFileSync(join(out, 'build.json'), `${JSON.stringify({ source_digest: digest })}\n`);
    swap(out);
    return undefined;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function compile(out) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const done = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.json'), '--outDir', out], {
    cwd: root,
    encoding: 'utf8',
  });
  if (done.error) return done.error.message;
  return done.status === 0 ? undefined : `${done.stdout}${done.stderr}`.trim();
}

/** The compiler skips a .js file that has a .d.ts beside it, so generated code is copied by hand. */
function copyGenerated(out) {
  const generated = join(root, 'src', 'gen');
  if (!existsSync(generated)) return;
  for (const file of filesBelow(generated).filter((name) => GENERATED_TO_COPY.test(name))) {
    const target = join(out, 'gen', relative(generated, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
  }
}

function swap(out) {
  const old = `${out}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(out, dist);
  rmSync(old, { recursive: true, force: true });
}

/** `sha256:<hex>` over names and bytes of everything that the build reads. */
export function sourceDigest() {
  const hash = createHash('sha256');
  const inputs = [
    ...filesBelow(join(root, 'src')),
    join(root, 'tsconfig.json'),
    join(root, 'package-lock.json'),
  ];
  for (const file of inputs) {
    const bytes = readFileSync(file);
    hash.update(`${relative(root, file)}\0${bytes.length}\0`).update(bytes);
  }
  return `sha256:${hash.digest('hex')}`;
}

function filesBelow(dir) {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const problem = build();
  if (problem !== undefined) {
    process.stderr.write(`${problem}\n`);
    process.exit(1);
  }
}
