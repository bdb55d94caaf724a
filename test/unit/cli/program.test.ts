import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram, everyCommand } from '../../../src/cli/program.ts';

const leaves = everyCommand(createProgram()).filter((command) => command.commands.length === 0);

function nameOf(command: Command): string {
  const parent = command.parent;
  return parent === null || parent.parent === null ? command.name() : `${nameOf(parent)} ${command.name()}`;
}

function help(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

/** These run until they are told to stop, or hand their output to another program. */
const WITHOUT_JSON = new Set(['up', 'run', 'gateway', 'demo-upstream', 'recorder run']);

test('every command of the outcome is there', () => {
  const names = leaves.map(nameOf).sort();
  const wanted = [
    'up',
    'run',
    'env',
    'doctor',
    'gateway',
    'demo-upstream',
    'export',
    'verify',
    'replay',
    'keys export',
  ];
  wanted.push(...['list', 'install', 'remove', 'check'].map((name) => `trust ${name}`));
  wanted.push(...['lint', 'test', 'explain', 'simulate'].map((name) => `policy ${name}`), 'envoy config');
  wanted.push(...['compile', 'diff', 'keygen', 'sign', 'verify', 'publish'].map((name) => `policy ${name}`));
  wanted.push(...['show', 'rotate', 'import', 'remove'].map((name) => `ca ${name}`));
  wanted.push(...['list', 'tail', 'show', 'why'].map((name) => `receipts ${name}`));
  wanted.push(...['add', 'list', 'disable', 'enable', 'rotate-key', 'remove'].map((name) => `agent ${name}`));
  wanted.push(...['bind', 'unbind'].map((name) => `agent ${name}`));
  wanted.push(
    ...['run', 'restore-accept', 'clock-accept', 'check', 'repair'].map((name) => `recorder ${name}`),
  );
  wanted.push(
    ...['render', 'apply', 'confirm', 'remove', 'status'].map((name) => `intercept nftables ${name}`),
  );
  wanted.push('json check', 'json repair', 'ai read', 'ai answer', 'ai agent');
  assert.deepEqual(names, wanted.sort());
});

test('every command has help with examples that call it by its name', () => {
  for (const command of leaves) {
    const text = help(command);
    assert.match(text, /\nExamples:\n/, nameOf(command));
    assert.ok(text.split('Examples:')[1]?.includes(`clawgress ${nameOf(command)}`), nameOf(command));
    assert.ok(command.description().length > 10, nameOf(command));
  }
});

test('every command that answers has --json', () => {
  const without = leaves.filter((command) => !command.options.some((option) => option.long === '--json'));
  assert.deepEqual(new Set(without.map(nameOf)), WITHOUT_JSON);
});
