import { type Command, Option } from 'commander';
import { JSON_LIMITS, type JsonLimits, type NumberRule } from '../core/body/json_limits.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

const RULES: readonly NumberRule[] = ['any', 'double', 'exact'];

/** Adds the flags that change what a JSON text may be. */
export function withLimits(command: Command): Command {
  return command
    .option('--max-bytes <n>', `largest text (default: ${JSON_LIMITS.bytesMax})`)
    .option('--max-depth <n>', `objects and arrays inside each other (default: ${JSON_LIMITS.depthMax})`)
    .option('--allow-duplicates', 'let an object have the same name twice')
    .addOption(
      new Option('--numbers <rule>', `what numbers may be (default: ${JSON_LIMITS.numbers})`).choices(RULES),
    );
}

/** Throws CliError where a number is none. */
export function limitsOf(flags: Flags): JsonLimits {
  const bytesMax = countOf(flags['maxBytes'], '--max-bytes') ?? JSON_LIMITS.bytesMax;
  return {
    ...JSON_LIMITS,
    bytesMax,
    // Who lets a text be larger means its strings, too: they pass by unheld.
    stringBytesMax: Math.max(bytesMax, JSON_LIMITS.stringBytesMax),
    depthMax: countOf(flags['maxDepth'], '--max-depth') ?? JSON_LIMITS.depthMax,
    numbers: RULES.find((rule) => rule === flags['numbers']) ?? JSON_LIMITS.numbers,
    duplicateKeys: flags['allowDuplicates'] === true ? 'allow' : 'refuse',
  };
}

function countOf(text: string | boolean | undefined, flag: string): number | undefined {
  if (typeof text !== 'string') return undefined;
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new CliError(
    EXIT.usage,
    `${flag} takes a whole number from 1 to 999999999999999, not ${JSON.stringify(text)}`,
  );
}
