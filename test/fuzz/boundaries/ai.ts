import assert from 'node:assert/strict';
import { readAiRequest } from '../../../src/core/ai/ai_request.ts';
import { AnswerStream, readAnswer } from '../../../src/core/ai/answer_reader.ts';
import { SseReader } from '../../../src/core/sse/event_reader.ts';
import { inputOf, parseJson, TRANSCRIPTS } from '../../unit/core/ai/transcripts.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

const KINDS = [
  { dialect: 'openai', endpoint: 'chat' },
  { dialect: 'openai', endpoint: 'responses' },
  { dialect: 'anthropic', endpoint: 'messages' },
  { dialect: 'gemini', endpoint: 'generate' },
  { dialect: 'ollama', endpoint: 'chat' },
] as const;

/**
 * A request as JSON, then an answer as text. Judge: nothing throws; a request that is read names the model that its
 * body or path holds; no call carries an argument that the answer does not.
 */
export function ai(): Boundary {
  const corpus = TRANSCRIPTS.map(
    ({ request, answer }) => `${JSON.stringify(request)}\n${answer?.text ?? '{}'}`,
  );
  return {
    name: 'ai',
    corpus: corpus.map(bytesOf),
    check(input) {
      const text = new TextDecoder().decode(input);
      const border = text.indexOf('\n');
      judgeAnswer(text.slice(border + 1));
      const request = requestIn(text.slice(0, Math.max(0, border)));
      if (request === undefined) return false;
      const reading = readAiRequest(inputOf(request));
      if (reading.kind !== 'llm') return reading.kind === 'mcp' || reading.kind === 'a2a';
      const body = request.body as { model?: unknown };
      if (reading.model !== undefined)
        assert.ok(
          body.model === reading.model || request.path.includes(`/${reading.model}:`),
          'another model',
        );
      assert.ok(reading.input.tokens <= reading.input.ceiling, 'an estimate above its ceiling');
      return true;
    },
  };
}

/** What the gateway hands over is well-formed: only bodies, paths and header values are the client's. */
function requestIn(text: string): Parameters<typeof inputOf>[0] | undefined {
  const parsed = parseJson(text);
  const value = parsed.ok ? (parsed.value as Record<string, unknown> | null) : null;
  const isWhole =
    typeof value?.['host'] === 'string' &&
    typeof value['method'] === 'string' &&
    typeof value['path'] === 'string' &&
    Array.isArray(value['headers']) &&
    value['headers'].every(
      (header) => typeof header?.name === 'string' && typeof header.value === 'string',
    ) &&
    (value['query'] === undefined || typeof value['query'] === 'string') &&
    value['word'] === undefined;
  return isWhole ? (value as unknown as Parameters<typeof inputOf>[0]) : undefined;
}

function judgeAnswer(text: string): void {
  const { events } = new SseReader().feed(bytesOf(text));
  for (const kind of KINDS) {
    const stream = new AnswerStream(kind, parseJson);
    for (const event of events) stream.take(event);
    const parsed = parseJson(text);
    const all = [stream.facts, ...(parsed.ok ? [readAnswer(kind, parsed.value)] : [])];
    for (const { tool_calls } of all)
      for (const call of tool_calls)
        assert.ok(call.arguments.length <= text.length * 6 + 2, 'longer than the answer');
  }
}
