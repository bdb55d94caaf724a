import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAMS = fileURLToPath(new URL('../../.cache/test-go', import.meta.url));
/** In no list of tools that a test needs: without it the test is skipped. */
const GO_TOOL = 'go';

/**
 * A compiled Go program of the standard library alone, kept in the project's cache; the library comes from the cache of
 * the user, for compiling net/http from nothing takes a minute of two cores. Throws with the compiler's words.
 */
export function goProgram(source: string): string {
  const version = execFileSync(GO_TOOL, ['version'], { encoding: 'utf8' });
  const name = createHash('sha256').update(version).update(source).digest('hex').slice(0, 32);
  const program = join(PROGRAMS, name);
  if (existsSync(program)) return program;
  const dir = mkdtempSync(join(tmpdir(), 'cg-go-'));
  try {
    mkdirSync(PROGRAMS, { recursive: true });
    writeFileSync(join(dir, 'main.go'), source);
    writeFileSync(join(dir, 'go.mod'), 'module client\n\ngo 1.22\n');
    // Beside its place first: tests of several files may build at once.
    const fresh = `${program}.${randomBytes(6).toString('hex')}`;
    const env = { ...process.env, GOFLAGS: '' };
    execFileSync(GO_TOOL, ['build', '-trimpath', '-o', fresh, '.'], { cwd: dir, env, stdio: 'pipe' });
    renameSync(fresh, program);
    return program;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
