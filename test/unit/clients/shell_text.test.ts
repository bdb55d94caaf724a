import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type Shell, shellText } from '../../../src/clients/shell_text.ts';

const dir = mkdtempSync(join(tmpdir(), 'cg-shell-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const NASTY = [
  "'",
  '"',
  '\\',
  '$',
  '`',
  '!',
  '\n',
  ' ',
  '#',
  '%',
  ';',
  '&',
  '\t',
  '*',
  '~',
  '=',
  '$(id)',
  "'\\''",
  'ä',
  '…',
];
const value = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 8 })
  .map((parts) => parts.join('').replaceAll('\0', ''));
const name = fc.stringMatching(/^CGT_[A-Z0-9_]{1,12}$/);
const variables = fc.dictionary(name, value, { minKeys: 1, maxKeys: 6 });

function textOf(shell: Shell, given: Record<string, string>): string {
  const text = shellText(shell, given);
  assert.ok(text.ok, 'the values can be written');
  return text.value;
}

function printedBack(program: string, args: readonly string[], names: readonly string[]): string[] {
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir };
  const out = execFileSync(program, [...args], { env, encoding: 'utf8' });
  assert.equal(out.split('\0').length - 1, names.length);
  return out.split('\0').slice(0, -1);
}

for (const shell of ['sh', 'bash']) {
  test(`${shell} gives back exactly the values`, () => {
    fc.assert(
      fc.property(variables, (given) => {
        const names = Object.keys(given);
        const file = join(dir, 'vars.sh');
        // printenv-like, by another process: the variables have to be exported, not only set.
        const show = `node -e 'process.stdout.write(process.argv.slice(1).map((n) => process.env[n] + "\\0").join(""))' ${names.join(' ')}`;
        writeFileSync(file, `${textOf('sh', given)}${show}\n`);
        assert.deepEqual(printedBack(shell, [file], names), Object.values(given));
      }),
      { numRuns: 25 },
    );
  });
}

test('what eval runs is nothing but assignments', () => {
  const marker = join(dir, 'ran');
  const text = textOf('sh', {
    CGT_A: `'; touch ${marker}; '`,
    CGT_B: `$(touch ${marker})`,
    CGT_C: `\`touch ${marker}\``,
  });
  execFileSync('sh', ['-c', 'eval "$1"', 'sh', text]);
  assert.throws(() => execFileSync('test', ['-e', marker]));
});

test('Node reads the dotenv form back; what it cannot carry is refused by name', () => {
  fc.assert(
    fc.property(variables, (given) => {
      const text = shellText('dotenv', given);
      const odd = Object.entries(given).find(([, one]) => /['\r\n]/.test(one));
      if (odd !== undefined) {
        assert.ok(!text.ok && text.problem.startsWith(odd[0]), 'the odd one is named');
        return;
      }
      const file = join(dir, 'vars.env');
      writeFileSync(file, textOf('dotenv', given));
      const names = Object.keys(given);
      const show = 'process.stdout.write(process.argv.slice(1).map((n) => process.env[n] + "\\0").join(""))';
      assert.deepEqual(
        printedBack(process.execPath, [`--env-file=${file}`, '-e', show, ...names], names),
        Object.values(given),
      );
    }),
    { numRuns: 40 },
  );
});

/** fish in single quotes knows two escapes; everything else stands for itself. */
function readFish(line: string): readonly [string, string] {
  const [, name = '', quoted = ''] = /^set -gx (\w+) '([\s\S]*)'$/.exec(line) ?? [];
  let text = '';
  for (let at = 0; at < quoted.length; at++) {
    const letter = quoted[at] ?? '';
    const next = quoted[at + 1] ?? '';
    if (letter === '\\' && (next === '\\' || next === "'")) {
      text += next;
      at++;
    } else {
      assert.notEqual(letter, "'", 'a bare quote ends the word');
      text += letter;
    }
  }
  return [name, text];
}

test('fish: a reader by its rules gives back the values', () => {
  fc.assert(
    fc.property(name, value, (one, text) => {
      assert.deepEqual(readFish(textOf('fish', { [one]: text }).slice(0, -1)), [one, text]);
    }),
  );
});

test('json gives back the values', () => {
  fc.assert(
    fc.property(variables, (given) => assert.deepEqual(JSON.parse(textOf('json', given)), { ...given })),
  );
});

test('names and bytes that no environment can hold are refused', () => {
  for (const bad of ['', 'A B', '1A', 'A=B', 'A;id']) {
    const text = shellText('sh', { [bad]: 'x' });
    assert.ok(!text.ok, JSON.stringify(bad));
  }
  const nul = shellText('sh', { CGT_A: 'a\0b' });
  assert.ok(!nul.ok && nul.problem.includes('CGT_A'), 'NUL is refused');
});
