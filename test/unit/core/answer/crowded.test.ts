import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnswerJob } from '../../../../src/core/answer/answer_job.ts';
import { openAnswer } from '../../../../src/core/answer/open_answer.ts';
import type { ResponseDemands } from '../../../../src/core/contract/demands.ts';
import { bytesOf, jobOf, PARTS, textOf } from './scripts.ts';

const CHAT = {
  kind: 'llm',
  provider: 'openai',
  dialect: 'openai',
  endpoint: 'chat',
  model: 'gpt-4o',
} as const;
/** What a budget asks of an answer. */
const USAGE: Partial<ResponseDemands> = { on_violation: 'alert', on_encoded: 'bypass', usage: true };
const USED = '"model":"gpt-4o","usage":{"prompt_tokens":3,"completion_tokens":4}';

function opened(type: string, demands: Partial<ResponseDemands>) {
  const job: AnswerJob = jobOf({ type, demands: { max_bytes: 16_777_216, ...demands }, ai: CHAT });
  const answer = openAnswer(job, PARTS);
  const feed = (text: string, isCrowded = false, isLast = false) =>
    answer.feed(bytesOf(text), isLast, 0, isCrowded);
  return { feed };
}

const JSON_TYPE = 'application/json';
const EVENTS = 'text/event-stream';

test('a copy that is kept is told, byte by byte, and given up where there is no room', () => {
  const { feed } = opened(JSON_TYPE, USAGE);
  assert.equal(feed('{"choices":[],').kept, 14);
  assert.equal(feed(' '.repeat(1_000)).kept, 1_014);
  const crowded = feed(' '.repeat(1_000), true);
  assert.deepEqual([crowded.kept, crowded.forward.length], [0, 1_000], 'it goes on, and nobody keeps it');
  assert.equal(feed(' ').kept, 0, 'also once there is room again');
  const { facts } = feed(`${USED}}`, false, true);
  assert.deepEqual(
    facts.map(({ state, problem, usage }) => [state, problem?.code, usage]),
    [['complete', 'NO_ROOM', undefined]],
  );
});

test('half an event that is kept is told, and no more of the stream is read where there is no room', () => {
  const { feed } = opened(EVENTS, USAGE);
  assert.equal(feed(`data: {"choices":[],${USED}}\n\n`).kept, 0);
  assert.equal(feed(`data: ${' '.repeat(500)}`).kept, 506);
  const crowded = feed(' '.repeat(500), true);
  assert.deepEqual([crowded.kept, crowded.forward.length], [0, 500]);
  const { facts } = feed('\n\ndata: [DONE]\n\n', false, true);
  assert.deepEqual(
    facts.map(({ state, problem, usage }) => [state, problem?.code, usage]),
    [['complete', 'NO_ROOM', undefined]],
  );
});

test('whole events take no room, however crowded it is', () => {
  const { feed } = opened(EVENTS, USAGE);
  assert.equal(feed('data: {"choices":[]}\n\n', true).kept, 0);
  const { facts } = feed(`data: {"choices":[],${USED}}\n\ndata: [DONE]\n\n`, true, true);
  assert.deepEqual([facts[0]?.problem, facts[0]?.usage?.output], [undefined, 4]);
});

test('what is held of a call is told, and the stream is cut where there is no room', () => {
  const call = (args: string) =>
    `data: ${JSON.stringify({
      choices: [{ delta: { tool_calls: [{ index: 0, id: 'a', function: { name: 'f', arguments: args } }] } }],
    })}\n\n`;
  const { feed } = opened(EVENTS, { tool_calls: { deny: ['drop'] } });
  const begun = call('x'.repeat(1_000));
  assert.equal(feed(begun).kept, begun.length + 1_000, 'the events, and the arguments that they make');
  const cut = feed(call('y'), true);
  assert.deepEqual([cut.end, cut.facts[0]?.problem?.code], ['cut', 'NO_ROOM']);
  assert.ok(!textOf(cut.forward).includes('xxx'), 'something of the call went on');
});
