import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { estimateInput, NODES_MAX, TEXT_UNITS_MAX } from '../../../../src/core/ai/estimate.ts';
import { IMAGE_TOKENS } from '../../../../src/core/ai/media.ts';
import { textTokens } from '../../../../src/core/ai/text_tokens.ts';
import type { JsonValue } from '../../../../src/core/canonical/json_value.ts';
import { TRANSCRIPTS } from './transcripts.ts';

const bytesOf = (value: JsonValue) => Buffer.byteLength(JSON.stringify(value));
const estimate = (body: JsonValue) => estimateInput(body, { body_bytes: bytesOf(body), tools: [] });

/** Tokens that o200k_base and cl100k_base, whichever has more, make of the same texts: counted once, with js-tiktoken 1.0.21. */
const COUNTED: readonly (readonly [text: string, tokens: number])[] = [
  ['The quick brown fox jumps over the lazy dog, and nobody asked why.', 15],
  ['Refund order 4711 to the customer by Friday; the amount is 1,250.00 EUR.', 23],
  [
    'export function readUsage(value: JsonValue | undefined, dialect: Dialect): Usage | undefined {\n  if (!isObject(value)) return undefined;\n}',
    31,
  ],
  [
    '{"type":"object","properties":{"location":{"type":"string","description":"City and state"}},"required":["location"]}',
    25,
  ],
  ['SELECT id, amount_cents FROM refunds WHERE created_at > NOW() - INTERVAL 7 DAY ORDER BY 1;', 25],
  [
    'Die Donaudampfschifffahrtsgesellschaft hat beschlossen, dass alle Kapitänsmützen wasserdicht sein müssen.',
    32,
  ],
  ['Привет, как дела? Сегодня хорошая погода, и мы идём гулять в парк.', 35],
  ['今天天气很好，我们一起去公园散步吧。', 22],
  ['こんにちは、今日はとても良い天気ですね。', 17],
  ['안녕하세요, 오늘은 날씨가 정말 좋네요.', 25],
  ['مرحبا كيف حالك اليوم؟ الطقس جميل جدا.', 28],
  ['नमस्ते, आज मौसम बहुत अच्छा है।', 33],
  ['https://api.example.com/v1/refunds/7f3a9c?limit=20&cursor=eyJpZCI6MX0', 31],
  ['4f9a3d1e-0000-4000-8000-000000000001', 22],
  ['qzx vkw bjj qqz zxk', 10],
  ['😀🎉🔥💯', 10],
];

test('more tokens than tokenizers count, and not five times as many', () => {
  for (const [text, tokens] of COUNTED) {
    const made = textTokens(text);
    assert.ok(made >= tokens && made <= tokens * 5, `${made} for ${tokens}: ${text.slice(0, 40)}`);
  }
});

test('more than providers counted in the transcripts', () => {
  const counted = TRANSCRIPTS.flatMap(({ request, expect_answer }) => {
    const usage = expect_answer?.['usage'] as { input: number } | undefined;
    return usage === undefined || request.body === undefined ? [] : [[request.body, usage.input] as const];
  });
  assert.ok(counted.length > 10, 'hardly any transcript tells its usage');
  for (const [body, input] of counted) {
    const { tokens, is_complete } = estimate(body);
    // What providers add themselves (tools of theirs, stored conversations) is told as incomplete.
    if (is_complete && input < 1000) assert.ok(tokens >= input, `${tokens} for ${input}`);
  }
});

test('more text is never less, and never more than its bytes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      (a, b) => {
        assert.ok(textTokens(`${a} ${b}`) >= textTokens(a), 'a longer text has fewer tokens');
        assert.ok(textTokens(a) <= Buffer.byteLength(a), 'more tokens than bytes');
      },
    ),
  );
});

test('every string and key counts, wherever it stands', () => {
  const base = estimate({ messages: [] }).tokens;
  const word = 'hippopotamus '.repeat(50);
  for (const body of [
    { messages: [{ content: word }] },
    { messages: [], [word]: 1 },
    { messages: [[[word]]] },
  ])
    assert.ok(
      estimate(body as JsonValue).tokens >= base + textTokens(word),
      JSON.stringify(body).slice(0, 40),
    );
});

test('pictures count as pictures, text that pretends to be one as text', () => {
  const data = 'iVBORw0KGgoAAAANSUhEUgAA'.repeat(4000);
  const picture = (part: JsonValue) => estimate({ contents: [{ parts: [part] }] });
  for (const part of [
    { inlineData: { mimeType: 'image/png', data } },
    { inline_data: { mime_type: 'image/png', data } },
    { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
    { type: 'input_image', image_url: `data:image/png;base64,${data}` },
    { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
    { role: 'user', content: '', images: [data] },
  ] as JsonValue[]) {
    const { tokens, is_complete } = picture(part);
    assert.ok(tokens >= IMAGE_TOKENS && tokens < IMAGE_TOKENS + 200, `${tokens}`);
    assert.equal(is_complete, true);
  }
  const text = 'these are words and no picture '.repeat(4000);
  for (const part of [
    { inlineData: { mimeType: 'image/png', data: text } },
    { type: 'document', source: { type: 'text', media_type: 'text/plain', data: text } },
    { type: 'text', data: text },
    { role: 'user', content: '', images: [text] },
  ] as JsonValue[])
    assert.ok(picture(part).tokens > 28_000, JSON.stringify(part).slice(0, 60));
});

test('pictures in arguments of tools are text', () => {
  const data = 'iVBORw0KGgoAAAANSUhEUgAA'.repeat(4000);
  const picture = { type: 'base64', media_type: 'image/png', mimeType: 'image/png', data, images: [data] };
  for (const block of [
    { content: [{ type: 'tool_use', id: 't', name: 'f', input: picture }] },
    { content: [{ functionCall: { name: 'f', args: picture } }] },
    { metadata: picture },
  ] as JsonValue[])
    assert.ok(estimate({ messages: [block] }).tokens > 30_000, JSON.stringify(block).slice(0, 60));
});

test('input that stands elsewhere is told', () => {
  for (const body of [
    { previous_response_id: 'r' },
    { input: [{ type: 'input_file', file_id: 'f' }] },
    { contents: [{ parts: [{ fileData: { fileUri: 'gs://x' } }] }] },
    { contents: [{ parts: [{ inlineData: { mimeType: 'audio/wav', data: 'AAAA' } }] }] },
    { messages: [{ content: [{ type: 'input_audio', input_audio: { data: 'AAAA' } }] }] },
    { messages: [{ content: [{ type: 'document', source: { type: 'url', url: 'https://x' } }] }] },
    { messages: [{ content: [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }] }] },
  ] as JsonValue[])
    assert.equal(estimate(body).is_complete, false, JSON.stringify(body));
});

test('what is too much to look at counts as its bytes', () => {
  const many = estimate({ a: Array.from({ length: NODES_MAX + 1 }, () => 0) });
  assert.deepEqual([many.tokens === many.ceiling, many.is_complete], [true, false]);
  const long = 'a '.repeat(TEXT_UNITS_MAX / 2);
  const within = estimate([long]).tokens;
  assert.ok(estimate([long, long]).tokens > within * 2, 'the rest counts less than what was looked at');
});

test('nesting without end needs no stack', () => {
  let deep: JsonValue = 1;
  for (let i = 0; i < 200_000; i += 1) deep = [deep];
  assert.ok(
    estimateInput(deep, { body_bytes: 400_001, tools: [] }).tokens > 200_000,
    'not all of it was met',
  );
});
