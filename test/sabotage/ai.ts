import type { Sabotage } from './sabotage.ts';

const READER = 'test/unit/core/sse/event_reader.test.ts';
const WRITER = 'test/unit/core/sse/event_writer.test.ts';
const DISAGREEMENT = 'test/unit/core/ai/disagreement.test.ts';
const CALLS = 'test/unit/core/ai/tool_calls.test.ts';
const ESTIMATE = 'test/unit/core/ai/estimate.test.ts';
const PRICES = 'test/unit/core/ai/prices.test.ts';
const COMMANDS = 'test/unit/cli/ai.test.ts';

/** Promises of event streams and of the reading of AI traffic. */
export const AI: readonly Sabotage[] = [
  {
    name: 'sse-splits-crlf',
    breaks: 'a CR and an LF in two pieces are one line end',
    file: 'src/core/sse/event_reader.ts',
    find: 'else if (byte === LF && this.#isAfterCr) {',
    replace: 'else if (byte === LF && this.#isAfterCr && at > 0) {',
    test: { file: READER, name: 'read as by a naive reader' },
  },
  {
    name: 'sse-passes-half-events',
    breaks: 'only whole events are passed on',
    file: 'src/core/sse/event_reader.ts',
    find: '        start = at + 1;\n        if (!this.#isOpen) safe = this.#settle(at + 1);\n      } else this',
    replace: '        start = at + 1;\n        safe = this.#settle(at + 1);\n      } else this',
    test: { file: READER, name: 'what is safe to pass on' },
  },
  {
    name: 'sse-without-bound',
    breaks: 'an event is bounded',
    file: 'src/core/sse/event_reader.ts',
    find: 'if (this.#held > this.#max)',
    replace: 'if (this.#line.bytes > this.#max)',
    test: { file: READER, name: 'an event is bounded' },
  },
  {
    name: 'cut-completes-events',
    breaks: 'a cut never completes an event that nobody judged',
    file: 'src/core/sse/event_writer.ts',
    find: "  if (place === 'inside') return fail('INSIDE_EVENT');\n",
    replace: '',
    test: { file: WRITER, name: 'nothing completes a half event' },
  },
  {
    name: 'cut-goes-unnoticed',
    breaks: 'clients of Anthropic raise only for an event called error',
    file: 'src/core/sse/event_writer.ts',
    find: "cut.dialect === 'jsonrpc' ? 'message' : 'error'",
    replace: "'message'",
    test: { file: WRITER, name: 'raise their API error' },
  },
  {
    name: 'word-beats-host',
    breaks: 'a rule cannot make one provider out of another',
    file: 'src/core/ai/llm_request.ts',
    find: 'known !== undefined && said !== known)',
    replace: 'known !== undefined && said !== said)',
    test: { file: DISAGREEMENT, name: 'the word of a rule must be true' },
  },
  {
    name: 'call-hides-in-path',
    breaks: 'a call of a model is no other traffic because its path says nothing',
    file: 'src/core/ai/llm_request.ts',
    find: "  if (input.body !== undefined && looksLikeCall(input.body)) return unknown('PATH_SILENT');\n",
    replace: '',
    test: { file: DISAGREEMENT, name: 'host, path and body must agree' },
  },
  {
    name: 'two-calls-one-body',
    breaks: 'a body with the members of two formats is neither',
    file: 'src/core/ai/body_shape.ts',
    find: 'return (need ?? shape.may?.[principal] ?? never)(value);',
    replace: 'return (need ?? shape.may?.[principal] ?? isObject)(value) || need === undefined;',
    test: { file: DISAGREEMENT, name: 'two calls in one body' },
  },
  {
    name: 'model-hides-in-case',
    breaks: 'a model cannot hide behind another spelling of its member',
    file: 'src/core/ai/call_facts.ts',
    find: 'const odd = Object.keys(body).find((key) => isOddCase(key));',
    replace: 'const odd = undefined;',
    test: { file: DISAGREEMENT, name: 'behind another spelling' },
  },
  {
    name: 'wrong-type-is-absent',
    breaks: 'a field of another type is not an absent one',
    file: 'src/core/ai/fields.ts',
    find: 'return fits(value) ? value : this.refuse(name);',
    replace: 'return fits(value) ? value : undefined;',
    test: { file: DISAGREEMENT, name: 'is not an absent one' },
  },
  {
    name: 'mcp-headers-lie',
    breaks: 'headers of MCP say what the body says',
    file: 'src/core/ai/mcp.ts',
    find: "return header === body ? undefined : unknown('HEADER_MISMATCH', name);",
    replace: 'return undefined;',
    test: { file: DISAGREEMENT, name: 'headers of MCP say' },
  },
  {
    name: 'fragments-lost',
    breaks: 'arguments are all of their fragments',
    file: 'src/core/ai/tool_calls.ts',
    find: "arguments: fragments.join('')",
    replace: "arguments: fragments.slice(0, 3).join('')",
    test: { file: CALLS, name: 'fragments make what was cut, interleaved' },
  },
  {
    name: 'arguments-without-bound',
    breaks: 'arguments are bounded, all calls together',
    file: 'src/core/ai/tool_calls.ts',
    find: 'this.#units += fragment.length;',
    replace: 'this.#units = fragment.length;',
    test: { file: CALLS, name: 'are bounded' },
  },
  {
    name: 'text-as-picture',
    breaks: 'text that pretends to be a picture counts as text',
    file: 'src/core/ai/media.ts',
    find: 'return text !== undefined && BASE64_START.test(text.slice(0, 64));',
    replace: 'return text !== undefined;',
    test: { file: ESTIMATE, name: 'pretends to be one' },
  },
  {
    name: 'prices-unseen',
    breaks: 'only the reviewed list of prices is read',
    file: 'src/core/ai/prices.ts',
    find: "  if (toHex(sha256(bytes)) !== digest) return fail('DIGEST_DIFFERS');\n",
    replace: '',
    test: { file: PRICES, name: 'nothing but the reviewed list' },
  },
  {
    name: 'cost-rounds-down',
    breaks: 'a cost is never below what was used',
    file: 'src/core/ai/cost.ts',
    find: '(sum + TOKENS_PER_RATE - 1n) / TOKENS_PER_RATE',
    replace: 'sum / TOKENS_PER_RATE',
    test: { file: PRICES, name: 'what six products sum up to' },
  },
  {
    name: 'ai-read-echoes-headers',
    breaks: 'a header that is wrong is not repeated: it may be a credential',
    file: 'src/cli/ai_read.ts',
    find: '{index + 1} is not of the form',
    replace: '{text} is not of the form',
    test: { file: COMMANDS, name: 'headers and queries are never repeated' },
  },
  {
    name: 'ai-answer-accepts-half',
    breaks: 'an answer that breaks off is not called whole',
    file: 'src/cli/ai_answer.ts',
    find: "return reader.place === 'inside' ? 'ENDS_INSIDE_EVENT' : undefined;",
    replace: 'return undefined;',
    test: { file: COMMANDS, name: 'not whole or not sound says no' },
  },
];
