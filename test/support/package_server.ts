import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';

/** Serves one git repository, one Python package index and one npm registry, each with one tiny package. */
export interface PackageServer {
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startPackageServer(address: string): Promise<PackageServer> {
  const root = mkdtempSync(join(tmpdir(), 'cg-packages-'));
  const server = http.createServer((request, response) => serve(root, request, response));
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  const origin = `http://${address}:${bound.port}`;
  makeGit(root);
  makePip(root);
  makeNpm(root, origin);
  return {
    origin,
    port: bound.port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function serve(root: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const path = join(root, normalize(decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/')));
  try {
    const file = statSync(path).isDirectory() ? join(path, 'index') : path;
    const type =
      file.includes('/npm/') && !file.endsWith('.tgz')
        ? 'application/json'
        : file.endsWith('index')
          ? 'text/html'
          : 'application/octet-stream';
    response.writeHead(200, { 'content-type': type }).end(readFileSync(file));
  } catch {
    response.writeHead(404).end();
  }
}

function makeGit(root: string): void {
  const work = join(root, 'work');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: work, stdio: 'pipe' });
  mkdirSync(work);
  git('init', '--quiet', '--initial-branch=main');
  writeFileSync(join(work, 'hello.txt'), 'hello\n');
  git('add', '.');
  git('-c', 'user.name=t', '-c', 'user.email=t@example.test', 'commit', '--quiet', '-m', 'Say hello');
  execFileSync('git', ['clone', '--quiet', '--bare', work, join(root, 'repo.git')], { stdio: 'pipe' });
  execFileSync('git', ['update-server-info'], { cwd: join(root, 'repo.git'), stdio: 'pipe' });
}

function makePip(root: string): void {
  const folder = join(root, 'simple', 'cg-tiny');
  mkdirSync(folder, { recursive: true });
  const wheel = 'cg_tiny-1.0-py3-none-any.whl';
  const program = [
    'import sys, zipfile',
    'with zipfile.ZipFile(sys.argv[1], "w") as z:',
    '    z.writestr("cg_tiny.py", "x = 1\\n")',
    '    z.writestr("cg_tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: cg-tiny\\nVersion: 1.0\\n")',
    '    z.writestr("cg_tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")',
    '    z.writestr("cg_tiny-1.0.dist-info/RECORD", "")',
  ].join('\n');
  execFileSync('python3', ['-c', program, join(folder, wheel)]);
  writeFileSync(
    join(folder, 'index'),
    `<!DOCTYPE html><html><body><a href="${wheel}">${wheel}</a></body></html>`,
  );
}

function makeNpm(root: string, origin: string): void {
  const folder = join(root, 'npm');
  const source = join(folder, 'package');
  mkdirSync(source, { recursive: true });
  const manifest = { name: 'cg-tiny', version: '1.0.0' };
  writeFileSync(join(source, 'package.json'), JSON.stringify(manifest));
  execFileSync('tar', ['-czf', join(folder, 'cg-tiny-1.0.0.tgz'), '-C', folder, 'package']);
  const integrity = `sha512-${createHash('sha512')
    .update(readFileSync(join(folder, 'cg-tiny-1.0.0.tgz')))
    .digest('base64')}`;
  const dist = { tarball: `${origin}/npm/cg-tiny-1.0.0.tgz`, integrity };
  const packument = {
    name: 'cg-tiny',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': { ...manifest, dist } },
  };
  writeFileSync(join(folder, 'cg-tiny'), JSON.stringify(packument));
}
