/**
 * `node --import tsx test/fault/system/mixed.ts [--requests 20000] [--kills 12] [--concurrent 2000] [--seed n] [--json]`:
 * the long form of mixed.test.ts. Exit code 1 when a sentence does not hold.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { newSeed } from '../../support/fault_random.ts';
import { inOwnNetwork } from '../../support/own_network.ts';
import { brokenSentences } from './mixed_proof.ts';
import { runMixed } from './mixed_run.ts';

if (!(await inOwnNetwork(fileURLToPath(import.meta.url)))) process.exit();

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    kills: { type: 'string', default: '12' },
    concurrent: { type: 'string', default: '2000' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const result = await runMixed({
  requests: Number(values.requests),
  kills: Number(values.kills),
  concurrent: Number(values.concurrent),
  seed: values.seed === undefined ? newSeed() : Number(values.seed),
  progress: (text) => void process.stderr.write(`${text}\n`),
});
const { output, ...shown } = result;
const broken = brokenSentences(result);
if (values.json) process.stdout.write(`${JSON.stringify({ ...shown, broken })}\n`);
else
  process.stdout.write(`${JSON.stringify(shown, null, 2)}\n${broken.join('\n') || 'every sentence holds'}\n`);
if (broken.length > 0) process.stderr.write(output);
process.exit(broken.length === 0 ? 0 : 1);
