import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAiRequest } from '../../../../src/core/ai/ai_request.ts';
import { type AnswerKind, AnswerStream, readAnswer } from '../../../../src/core/ai/answer_reader.ts';
import { SseReader } from '../../../../src/core/sse/event_reader.ts';
import { JsonLineReader } from '../../../../src/core/sse/json_lines.ts';
import { inputOf, parseJson, TRANSCRIPTS, type Transcript } from './transcripts.ts';

/** The answer as it comes from the wire in these pieces, and the calls in the order in which they became whole. */
function streamed(kind: AnswerKind, framing: string, pieces: readonly Uint8Array[]) {
  const stream = new AnswerStream(kind, parseJson);
  const sse = new SseReader();
  const lines = new JsonLineReader();
  const whole = pieces.flatMap((piece) =>
    framing === 'sse'
      ? sse.feed(piece).events.flatMap((event) => stream.take(event))
      : lines.feed(piece).lines.flatMap(({ text }) => stream.take({ data: text })),
  );
  return { facts: stream.facts, whole };
}

function kindOf({ expect }: Transcript): AnswerKind {
  return { dialect: expect['dialect'], endpoint: expect['endpoint'] } as AnswerKind;
}

for (const transcript of TRANSCRIPTS) {
  test(`request of ${transcript.name}`, () => {
    const facts = readAiRequest(inputOf(transcript.request));
    if (facts.kind !== 'llm') {
      assert.deepEqual(facts, transcript.expect);
      return;
    }
    const { input, ...rest } = facts;
    assert.deepEqual(rest, transcript.expect);
    assert.equal(input.is_complete, transcript.is_complete);
    assert.ok(input.tokens <= input.ceiling, 'an estimate above its ceiling');
  });

  const { answer, expect_answer } = transcript;
  if (answer === undefined) continue;
  test(`answer of ${transcript.name}`, () => {
    if (answer.value !== undefined)
      assert.deepEqual(readAnswer(kindOf(transcript), answer.value), expect_answer);
    if (answer.text === undefined) return;
    const bytes = new TextEncoder().encode(answer.text);
    const { facts, whole } = streamed(kindOf(transcript), answer.framing, [bytes]);
    assert.deepEqual(facts, expect_answer);
    assert.deepEqual(whole, facts.tool_calls, 'each call is released once, when it is whole');
  });

  test(`answer of ${transcript.name} in pieces`, () => {
    const bytes = new TextEncoder().encode(answer.text ?? '');
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const pieces = places.slice(1).map((to, i) => bytes.subarray(places[i], to));
        if (answer.text !== undefined)
          assert.deepEqual(streamed(kindOf(transcript), answer.framing, pieces).facts, expect_answer);
      }),
      { numRuns: 30 },
    );
  });
}
