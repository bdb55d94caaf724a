// proto/ -> src/gen/envoy.js and its declarations: static encoders and decoders without reflection, so the gateway
// runs under --disallow-code-generation-from-strings.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pbjs from 'protobufjs-cli/pbjs.js';

const protoDir = fileURLToPath(new URL('../../proto', import.meta.url));
const ROOTS = [
  'envoy/service/auth/v3/external_auth.proto',
  'envoy/service/ext_proc/v3/external_processor.proto',
  'envoy/service/secret/v3/sds.proto',
  'grpc/health/v1/health.proto',
];
const OPTIONS = [
  ...['--target', 'static-module', '--wrap', 'esm', '--root', 'clawgress', '--path', protoDir],
  // Only encode and decode are used; 64-bit integers do not occur.
  ...['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl', '--no-service'],
  '--force-number',
];
const HEADER = '// Generated from proto/ by `npm run gen`. Do not edit.\n';

export async function generate() {
  const folder = await mkdtemp(join(tmpdir(), 'clawgress-gen-'));
  try {
    // Declarations are read from comments; the code itself is committed without them at half the size.
    await run('--dts', '--out', join(folder, 'declared.js'));
    await run('--no-comments', '--out', join(folder, 'plain.js'));
    const declarations = await readFile(join(folder, 'declared.d.ts'), 'utf8');
    return new Map([
      ['src/gen/envoy.js', HEADER + (await readFile(join(folder, 'plain.js'), 'utf8'))],
      ['src/gen/envoy.d.ts', HEADER + declarations.replace('import Long = require("long");\n', '')],
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(...options) {
  const sources = ROOTS.map((path) => join(protoDir, path));
  return promisify(pbjs.main)([...OPTIONS, ...options, ...sources]);
}
