import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGES = [
  ...['requests==2.32.5', 'httpx==0.28.1', 'websockets==17.4', 'grpcio==1.85.1'],
  ...['openai==3.54.0', 'anthropic==2.12.0'],
];
const VENV = fileURLToPath(new URL('../../.cache/test-venv', import.meta.url));

/** A Python with the clients that tests need, installed once into the project's cache; or why there is none. */
export function pythonWithClients(): { python: string } | { missing: string } {
  const python = join(VENV, 'bin', 'python');
  const stamp = join(VENV, PACKAGES.join('_'));
  if (existsSync(stamp)) return { python };
  try {
    mkdirSync(join(VENV, '..'), { recursive: true });
    execFileSync('python3', ['-m', 'venv', '--clear', VENV], { stdio: 'pipe' });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES], {
      stdio: 'pipe',
    });
    writeFileSync(stamp, '');
    return { python };
  } catch (error) {
    return {
      missing: `the Python clients could not be installed: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    };
  }
}
