import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { encodeBase64 } from '../../../../src/core/canonical/base64.ts';
import { commit } from '../../../../src/core/canonical/commitment.ts';
import type { RuleOutcome } from '../../../../src/core/policy/compiled.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import { fail } from '../../../../src/core/result.ts';
import type { AnswerReader } from '../../../../src/server/inspect/ports.ts';
import { ALLOWED, policy, STAMP, snapshot, UNMATCHED } from '../fakes.ts';
import { NOW_MS, TICKET } from './pending.ts';
import {
  FACTS,
  finding,
  requestBody,
  requestHeaders,
  responseBody,
  responseHeaders,
  world,
} from './world.ts';

const RID = TICKET.draft.receipt_id;
const LIVE = { ...TICKET, exp_ms: NOW_MS + 1_000_000 };
const ANSWERED: RuleOutcome = {
  ...ALLOWED,
  response: { inspect: 'auto', max_bytes: 1_000, on_violation: 'block' },
};
const under = (live: RuleOutcome) => () => snapshot(policy(live));
const opened = (live: RuleOutcome = ALLOWED) => world(under(live), LIVE);
const reader = (way: AnswerReader['way'], feed: AnswerReader['feed']): AnswerReader => ({
  way,
  feed,
  abort: async () => ({ forward: new Uint8Array(), facts: [finding('client_abort')] }),
});

test('a body is waited for, judged, recorded, and only then goes on with the second stamp', async () => {
  const { say, exchange, log, replies, recorder, admission } = opened();
  await say(requestHeaders());
  assert.equal(replies[0]?.stamp, undefined);
  assert.equal(replies[0]?.mode?.requestBodyMode, 2);
  assert.ok(admission.taken > 0, 'there is room for it');
  await say(requestBody('{}'));
  assert.equal(admission.taken, 0);
  await exchange.gone();
  assert.deepEqual(log, ['replied requestHeaders', 'recorded allow POLICY_ALLOW', 'replied requestBody']);
  assert.deepEqual([replies[1]?.stamp, replies[1]?.rid], [STAMP, RID]);
  const { draft, late } = recorder.proposals[0] ?? assert.fail('nothing was recorded');
  assert.equal(draft.receipt_id, RID);
  assert.equal(late, undefined);
  const pointer = 'request/body';
  const sha = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer');
  const expected = commit(sha, new Uint8Array(32).fill(1), RID, pointer, Buffer.from('{}'));
  assert.equal(draft.request.body_commitment, encodeBase64(expected));
});

test('what is denied is answered as by a Check', async () => {
  const { say, replies, log } = opened(UNMATCHED);
  await say(requestHeaders());
  await say(requestBody('{}'));
  assert.deepEqual(log.slice(1), ['recorded deny POLICY_NO_MATCH', 'replied immediateResponse']);
  const answer = replies[1] ?? assert.fail('no answer');
  assert.deepEqual([answer.status, answer.stamp, answer.rid], [403, undefined, RID]);
  assert.equal(answer.headers['x-clawgress-receipt'], RID);
  assert.equal(JSON.parse(answer.text ?? '{}').code, 'POLICY_NO_MATCH');
});

test('what is not recorded does not go on', async () => {
  const { say, replies, recorder } = opened();
  recorder.answer = () => fail('RECORDER_UNAVAILABLE');
  await say(requestHeaders());
  await say(requestBody('{}'));
  assert.deepEqual([replies[1]?.status, replies[1]?.stamp, replies[1]?.rid], [503, undefined, undefined]);
});

test('a repaired body goes on with its own length and a commitment of its own', async () => {
  const { say, replies, recorder, script } = opened();
  script.finding = async () => ({ facts: FACTS, replacement: Buffer.from('{"a":1}') });
  await say(requestHeaders());
  await say(requestBody('{a:1}'));
  assert.equal(replies[1]?.text, '{"a":1}');
  assert.equal(replies[1]?.headers['content-length'], '7');
  const { request } = recorder.proposals[0]?.draft ?? assert.fail('nothing was recorded');
  assert.notEqual(request.body_commitment, request.repaired_commitment);
  assert.ok(request.repaired_commitment, 'committed');
});

test('a body that never comes is recorded at once, late, and once', async () => {
  const { say, exchange, recorder, admission } = opened();
  await say(requestHeaders());
  await exchange.gone();
  await exchange.gone();
  assert.equal(recorder.proposals.length, 1);
  const { draft, late, request_digest, ops } = recorder.proposals[0] ?? assert.fail('nothing');
  assert.deepEqual([draft, late, request_digest, ops], [LIVE.draft, true, LIVE.request_digest, []]);
  assert.equal(admission.taken, 0);
});

test('a body that another gateway answered the Check of is recorded in the name of this one', async () => {
  const { say, exchange, recorder } = world(under(ALLOWED), {
    ...LIVE,
    draft: { ...LIVE.draft, gateway_id: 'gw-2' },
  });
  await say(requestHeaders());
  await exchange.gone();
  assert.deepEqual(
    recorder.proposals.map(({ draft }) => draft),
    [LIVE.draft],
  );
});

test('a body that is too slow is recorded and told so', async () => {
  const { say, exchange, recorder, replies } = opened();
  await say(requestHeaders());
  await exchange.slow();
  await exchange.gone();
  assert.equal(replies[1]?.status, 408);
  assert.equal(recorder.proposals.length, 1);
});

test('without room it is denied on record, and nobody looks', async () => {
  const held: RuleOutcome = { ...ALLOWED, inspect: LIVE.demands };
  const { say, recorder, replies, script, admission } = world(under(held), LIVE, { bytesMax: 16_384 });
  admission.admit('someone/else', 1);
  admission.admit('another/one', 1);
  admission.admit('third/one', 1);
  admission.admit('fourth/one', 1);
  script.finding = () => assert.fail('looked at');
  await say(requestHeaders(false, { 'content-length': '500' }));
  assert.equal(recorder.proposals[0]?.draft.reason, 'INSPECT_BUSY');
  assert.equal(replies[0]?.status, 503);
});

test('who looks and falls over it has not looked', async () => {
  const held: RuleOutcome = { ...ALLOWED, inspect: LIVE.demands };
  const { say, recorder, script } = opened(held);
  script.finding = () => Promise.reject(new Error('thread gone'));
  await say(requestHeaders());
  await say(requestBody('{}'));
  assert.equal(recorder.proposals[0]?.draft.reason, 'INSPECT_BUSY');
});

/** Wants the elements at one place, whatever facts say: as two policies with one schema for two places do. */
const placed = (name: string) => {
  const { demands } = LIVE;
  const inspect = { ...demands, elements: [{ pointer: `/${name}`, schema_hash: 'sha256:same' }] };
  const evaluate = ({ body }: EgressRequest) => {
    const live = body === undefined ? { ...ALLOWED, inspect } : ALLOWED;
    return { live, shadow: live, observed_by: [] };
  };
  return snapshot(policy(ALLOWED, { policy_hash: `sha256:${name}`, evaluate }));
};

test('facts are judged by the policy that they were found for, whenever it changes', async () => {
  const at = (turns: readonly string[]) => {
    let turn = 0;
    const current = () => placed(turns[Math.min(turn, turns.length - 1)] ?? '');
    const asked: string[] = [];
    const made = world(current, { ...LIVE, draft: { ...LIVE.draft, policy_hash: 'sha256:old' } });
    made.script.finding = async ({ demands }) => {
      asked.push(demands.elements?.[0]?.pointer ?? 'as before');
      turn++;
      return { facts: FACTS };
    };
    return { ...made, asked };
  };
  const before = at(['a']);
  await before.say(requestHeaders());
  await before.say(requestBody('{}'));
  assert.deepEqual([before.asked, before.replies[1]?.stamp], [['/a'], STAMP]);
  const meanwhile = at(['a', 'b']);
  await meanwhile.say(requestHeaders());
  await meanwhile.say(requestBody('{}'));
  assert.deepEqual(meanwhile.asked, ['/a', '/b']);
  const [{ draft }] = [meanwhile.recorder.proposals[0] ?? assert.fail('nothing was recorded')];
  assert.deepEqual([meanwhile.recorder.proposals.length, draft.policy_hash], [1, 'sha256:b']);
  const restless = at(['a', 'b', 'c', 'd', 'e']);
  await restless.say(requestHeaders());
  await restless.say(requestBody('{}'));
  assert.deepEqual(restless.asked, ['/a', '/b', '/c', '/d']);
  assert.deepEqual(
    restless.recorder.proposals.map(({ draft }) => `${draft.verdict} ${draft.reason}`),
    ['deny INSPECT_BUSY'],
  );
});

test('a longer body than the rules take is refused before it comes', async () => {
  const { say, recorder, script } = opened(UNMATCHED);
  script.finding = () => assert.fail('looked at');
  await say(requestHeaders(false, { 'content-length': '1001' }));
  assert.deepEqual(recorder.proposals.length, 1);
});

test('trailers behind a body are refused unread', async () => {
  const { say, script, recorder } = opened(UNMATCHED);
  script.finding = () => assert.fail('looked at');
  await say(requestHeaders());
  await say(requestBody('{}', false));
  assert.equal(recorder.proposals.length, 1);
});

test('nothing of a request goes on whose ticket is not ours', async () => {
  for (const ticket of [TICKET, { ...LIVE, draft: { ...LIVE.draft, envoy_epoch: 'e2' } }]) {
    const { say, log, errors } = world(under(ALLOWED), {
      ...ticket,
      exp_ms: ticket === TICKET ? NOW_MS : LIVE.exp_ms,
    });
    await say(requestHeaders());
    assert.deepEqual(log, ['failed']);
    assert.equal(errors.length, 1);
  }
});

test('an answer begins with the receipt, and its end waits for its record', async () => {
  const { say, script, log, replies } = opened(ANSWERED);
  script.answer = () =>
    reader('stream', async (chunk, isLast) => ({
      forward: chunk,
      facts: isLast ? [finding('complete', 1)] : [finding('mark')],
      ...(isLast ? { end: 'complete' as const } : {}),
    }));
  await say(requestHeaders(true));
  assert.equal(replies[0]?.headers['accept-encoding'], 'identity');
  await say(responseHeaders());
  assert.equal(replies[1]?.headers['x-clawgress-receipt'], RID);
  assert.equal(replies[1]?.mode?.responseBodyMode, 1);
  await say(responseBody('data: 1\n\n', false));
  await say(responseBody('', true));
  assert.deepEqual(log.slice(-2), ['inspected complete', 'replied responseBody']);
});

test('a cut answer says so, and the stream ends by an error', async () => {
  const { say, script, log, replies, exchange } = opened(ANSWERED);
  script.answer = () =>
    reader('stream', async () => ({
      forward: Buffer.from('event: error\n\n'),
      facts: [finding('policy_cut')],
      end: 'cut',
    }));
  await say(requestHeaders(true));
  await say(responseHeaders());
  await say(responseBody('data: bad\n\n', false));
  await exchange.gone();
  assert.equal(replies[2]?.text, 'event: error\n\n');
  assert.deepEqual(log.slice(-3), ['inspected policy_cut', 'replied responseBody', 'cut']);
});

test('a blocked answer is replaced by ours, with the receipt', async () => {
  const { say, script, replies, log } = opened(ANSWERED);
  script.answer = () =>
    reader('whole', async () => ({ forward: new Uint8Array(), facts: [finding('blocked')], end: 'blocked' }));
  await say(requestHeaders(true));
  await say(responseHeaders());
  await say(responseBody('{"secret":1}'));
  const answer = replies[2] ?? assert.fail('no answer');
  assert.equal(answer.status, 502);
  assert.equal(JSON.parse(answer.text ?? '{}').receipt_id, RID);
  assert.deepEqual(log.slice(-2), ['inspected blocked', 'replied immediateResponse']);
});

test('an answer for which there is no room is not told as something to be repeated', async () => {
  const { say, replies, script, admission, exchange } = world(under(ANSWERED), LIVE, { bytesMax: 16_384 });
  script.answer = () => reader('whole', () => assert.fail('read'));
  await say(requestHeaders(true));
  for (const agent of ['a', 'b', 'c', 'd']) admission.admit(agent, 1);
  await say(responseHeaders());
  const answer = replies.at(-1) ?? assert.fail('no answer');
  assert.deepEqual([answer.status, JSON.parse(answer.text ?? '').code], [502, 'RESPONSE_BLOCKED']);
  assert.equal(answer.headers['x-clawgress-receipt'], RID);
  assert.equal(answer.text?.includes('The request was sent'), true);
  await exchange.gone();
});

test('what a reader keeps of a stream is made room for, and told to be too much where there is none', async () => {
  const { say, script, exchange, admission } = opened(ANSWERED);
  const crowded: (boolean | undefined)[] = [];
  let kept = 0;
  script.answer = () =>
    reader('stream', async (chunk, _isLast, isCrowded) => {
      crowded.push(isCrowded);
      kept = isCrowded === true ? 0 : kept + chunk.length;
      return { forward: chunk, facts: [], kept };
    });
  await say(requestHeaders(true));
  await say(responseHeaders());
  const least = admission.taken;
  const piece = 'x'.repeat(1_000_000);
  for (let pieces = 1; pieces <= 8; pieces++) {
    await say(responseBody(piece, false));
    assert.equal(admission.taken, pieces * piece.length);
  }
  await say(responseBody(piece, false));
  assert.deepEqual(crowded, [...Array.from({ length: 8 }, () => false), true]);
  assert.equal(admission.taken, least, 'it was given back');
  await exchange.gone();
  assert.equal(admission.taken, 0);
});

test('what a reader keeps of a streamed body is made room for, and told to be too much where there is none', async () => {
  const demands = { ...LIVE.demands, on_oversize: 'stream' } as const;
  const { say, script, exchange, admission } = world(under(ALLOWED), { ...LIVE, demands });
  const crowded: (boolean | undefined)[] = [];
  let kept = 0;
  script.streamed = () => ({
    facts: { state: 'streamed', bytes: 0, format: 'json' },
    feed: async (chunk, _isLast, isCrowded) => {
      crowded.push(isCrowded);
      kept += chunk.length;
      return { forward: chunk, facts: [], kept: crowded.length === 9 ? 0 : kept };
    },
    abort: async () => ({ forward: new Uint8Array(), facts: [] }),
  });
  await say(requestHeaders());
  const least = admission.taken;
  const piece = 'x'.repeat(1_000_000);
  for (let pieces = 2; pieces <= 8; pieces++) {
    await say(requestBody(piece, false));
    assert.equal(admission.taken, Math.max(least, (pieces - 1) * piece.length));
  }
  for (const _last of [8, 9]) await say(requestBody(piece, false));
  assert.deepEqual(crowded, [...Array.from({ length: 8 }, () => false), true]);
  assert.equal(admission.taken, least, 'it was given back');
  await exchange.gone();
  assert.equal(admission.taken, 0);
});

test('a streamed body that is ended says whether it is wrong, or there was no room for it', async () => {
  const demands = { ...LIVE.demands, on_oversize: 'stream' } as const;
  const cases = [
    ['TRAILING_DATA', 422, 'BODY_INVALID'],
    ['NO_ROOM', 503, 'INSPECT_BUSY'],
  ] as const;
  for (const [found, status, code] of cases) {
    const { say, script, replies } = world(under(ALLOWED), { ...LIVE, demands });
    const facts = [{ ...finding('policy_cut'), part: 'request' as const, problem: { code: found } }];
    script.streamed = () => ({
      facts: { state: 'streamed', bytes: 0, format: 'json' },
      feed: async () => ({ forward: new Uint8Array(), facts, end: 'cut' }),
      abort: async () => ({ forward: new Uint8Array(), facts: [] }),
    });
    await say(requestHeaders());
    await say(requestBody('{}}', false));
    const answer = replies.at(-1);
    assert.deepEqual(
      [answer?.status, JSON.parse(answer?.text ?? '{}').code, answer?.rid],
      [status, code, RID],
    );
  }
});

test('an answer that never ends is recorded as far as it came', async () => {
  const { say, script, exchange, notices, admission } = opened(ANSWERED);
  script.answer = () => reader('stream', async (chunk) => ({ forward: chunk, facts: [] }));
  await say(requestHeaders(true));
  await say(responseHeaders());
  await say(responseBody('data: 1\n\n', false));
  await exchange.gone();
  assert.deepEqual(
    notices.map(({ facts, is_end }) => [facts.state, is_end]),
    [['client_abort', true]],
  );
  assert.equal(admission.taken, 0);
});

test("Envoy's own answers are nobody's to read", async () => {
  const { say, script, replies } = opened(ANSWERED);
  script.answer = () => assert.fail('read');
  await say(requestHeaders(true));
  await say(responseHeaders(false, 'dns_resolution_failure', '502'));
  assert.equal(replies[1]?.response, 'responseHeaders');
});
