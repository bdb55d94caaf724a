import assert from 'node:assert/strict';
import type { AnswerJob } from '../../../src/core/answer/answer_job.ts';
import { MODELS } from '../../unit/core/answer/models.ts';
import { jobOf, run } from '../../unit/core/answer/scripts.ts';
import { naiveEvents } from '../../unit/core/sse/naive_events.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

const SAID = [{ text: 'a' }, { name: 'get_time', args: '{"a":1}' }];
const DENIED = { name: 'wipe_disk', args: '{"a":"secret"}' };
const SSE = 'text/event-stream';
const JSON_TYPE = 'application/json';
const { chat, anthropic, ollama } = MODELS;

/** The first byte of an input says how its rest is read. */
const JOBS: readonly AnswerJob[] = [
  jobOf({ type: SSE, demands: { notarize: true } }),
  jobOf({
    type: SSE,
    ...aiOf(chat),
    demands: { tool_calls: { deny: ['wipe_disk'] }, usage: true, notarize: true },
  }),
  jobOf({ type: SSE, ...aiOf(anthropic), demands: { tool_calls: { allow: ['get_time'] }, usage: true } }),
  jobOf({ type: 'application/x-ndjson', ...aiOf(ollama), demands: { tool_calls: { deny: ['wipe_disk'] } } }),
  jobOf({
    type: JSON_TYPE,
    ...aiOf(chat),
    demands: { tool_calls: { deny: ['wipe_disk'] }, strip: ['/usage', '/choices/1'] },
  }),
  jobOf({ type: JSON_TYPE, demands: { schemas: ['sha256:flat'], on_violation: 'alert' } }),
];

function aiOf(model: (typeof MODELS)[string] | undefined) {
  return model === undefined ? {} : { ai: model.ai };
}

const TEXTS = [
  `0data: {"a":1}\r\n\r\n: ping\r\rdata\n\n`,
  ...[1, 2].flatMap((job) => {
    const model = job === 1 ? chat : anthropic;
    return [SAID, [...SAID, DENIED]].map((said) => `${job}${model?.stream(said, job === 1 ? '\n' : '\r\n')}`);
  }),
  `3${ollama?.stream([...SAID, DENIED], '\n')}`,
  `4${chat?.whole(SAID)}`,
  `4${chat?.whole([DENIED])}`,
  '5{"bad":[1,2]}',
];

/** Judge: facts and bytes are the same for any pieces; what goes on is a beginning of what came; and no call of `wipe_disk`. */
export function answer(): Boundary {
  return {
    name: 'answer',
    corpus: TEXTS.map(bytesOf),
    check(input) {
      const job = JOBS[((input[0] ?? 0) - 0x30) % JOBS.length];
      const body = input.subarray(1);
      if (job === undefined) return false;
      const whole = run(job, [body]);
      const bytes = Array.from(body, (byte) => Uint8Array.of(byte));
      const pieces = [
        [body.subarray(0, body.length >> 1), body.subarray(body.length >> 1)],
        [...bytes, new Uint8Array(0)],
      ];
      for (const one of pieces) {
        const got = run(job, one);
        assert.deepEqual([got.facts, got.end], [whole.facts, whole.end]);
        assert.ok(Buffer.compare(got.forward, whole.forward) === 0, 'other bytes for other pieces');
      }
      if (whole.end === 'complete' && whole.facts.at(-1)?.state !== 'stripped')
        assert.ok(Buffer.compare(whole.forward, body) === 0, 'not the bytes that came');
      if (job.demands.tool_calls !== undefined) judgeCalls(whole.forward, job.ai?.dialect);
      return whole.end === 'complete';
    },
  };
}

/** Reads what a client of that protocol would, as carelessly as it may. */
function judgeCalls(forward: Uint8Array, dialect: string | undefined): void {
  const lines = new TextDecoder().decode(forward).split('\n');
  const texts = [...naiveEvents(forward).events.map(({ data }) => data), ...lines];
  for (const text of texts) {
    const names = namesOf(parsed(text), dialect);
    assert.ok(!names.includes('wipe_disk'), 'a forbidden call went on');
  }
}

function namesOf(value: Loose | undefined, dialect: string | undefined): readonly unknown[] {
  if (dialect === 'anthropic') return [value?.content_block?.name];
  const [choice] = value?.choices ?? [];
  const said = dialect === 'ollama' ? value?.message : (choice?.delta ?? choice?.message);
  return namesIn(said?.tool_calls);
}

function namesIn(calls: unknown): readonly unknown[] {
  return Array.isArray(calls) ? calls.map((call) => call?.function?.name) : [];
}

function parsed(text: string): Loose | undefined {
  try {
    return JSON.parse(text) as Loose;
  } catch {
    return undefined;
  }
}

interface Loose {
  readonly choices?: readonly { readonly delta?: Said; readonly message?: Said }[];
  readonly message?: Said;
  readonly content_block?: { readonly name?: unknown };
}

interface Said {
  readonly tool_calls?: unknown;
}
