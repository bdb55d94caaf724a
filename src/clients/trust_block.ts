import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, ok } from '../core/result.ts';
import { writeWhole } from './ca_files.ts';
import type { TrustPlace } from './trust_place.ts';

const BEGIN = '# >>> clawgress trust';
const END = '# <<< clawgress trust';
const BLOCK = new RegExp(`(?:^|(?<=\\n))${BEGIN}\\n[^]*?${END}\\n`);

export interface BlockOptions {
  readonly file: string;
  /** Lines of the block, each ended by a line break. */
  readonly lines: string;
  /** A setting outside the block that forbids it; undefined: none is there. */
  conflict(rest: string): string | undefined;
}

/** A marked block in a file that otherwise belongs to the user. */
export function blockPlace({ file, lines, conflict }: BlockOptions): TrustPlace {
  const wanted = `${BEGIN}\n${lines}${END}\n`;
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const without = (text: string) => text.replace(BLOCK, '');
  return {
    where: file,
    state() {
      const text = read();
      if (text.includes(wanted)) return 'installed';
      if (BLOCK.test(text)) return 'outdated';
      return conflict(text) === undefined ? 'absent' : 'foreign';
    },
    install() {
      const text = read();
      if (text.includes(wanted)) return ok('unchanged');
      const rest = without(text);
      const found = conflict(rest);
      if (found !== undefined) {
        return fail({
          message: `${file} already has ${found}`,
          next: `remove it, or write there by hand:\n${lines.trimEnd()}`,
        });
      }
      replaceFile(file, `${rest === '' || rest.endsWith('\n') ? rest : `${rest}\n`}${wanted}`);
      return ok('changed');
    },
    remove() {
      const text = read();
      if (!BLOCK.test(text)) return ok('unchanged');
      const rest = without(text);
      if (rest === '') rmSync(realpathSync(file));
      else replaceFile(file, rest);
      return ok('changed');
    },
  };
}

/** Keeps mode and symbolic links: the file may live among somebody's dot files. */
function replaceFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const real = existsSync(file) ? realpathSync(file) : file;
  writeWhole(real, text, existsSync(real) ? statSync(real).mode & 0o777 : 0o600);
}

/** curl reads a config line's value in double quotes with backslash escapes. */
export function curlPlace(home: string, caFile: string): TrustPlace {
  return blockPlace({
    file: `${home}/.curlrc`,
    lines: `cacert = "${caFile.replaceAll(/["\\]/g, (letter) => `\\${letter}`)}"\n`,
    conflict: (rest) => (/^\s*-*cacert\b/m.test(rest) ? 'a `cacert` of its own' : undefined),
  });
}

/** TOML allows a table once: a second `[http]` would break the whole file. */
export function cargoPlace(cargoHome: string, caFile: string): TrustPlace {
  return blockPlace({
    file: `${cargoHome}/config.toml`,
    lines: `[http]\ncainfo = ${JSON.stringify(caFile)}\n`,
    conflict: (rest) =>
      /^\s*(\[\s*http\s*\]|http\s*[.=])/m.test(rest) ? 'settings below `http`' : undefined,
  });
}
