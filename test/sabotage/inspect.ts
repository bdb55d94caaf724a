import type { Sabotage } from './sabotage.ts';

const WHOLE = 'test/unit/inspect/read_request.test.ts';
const STREAMED = 'test/unit/inspect/streamed_request.test.ts';
const HIDDEN = 'test/unit/inspect/hidden_calls.test.ts';
const THREADS = 'test/unit/inspect/inspector.test.ts';
const SCHEMAS = 'test/unit/core/schema/compile_schema.test.ts';
const PATTERNS = 'test/unit/core/schema/linear_pattern.test.ts';

/** Promises about contracts on the bodies of requests, and about the threads that keep them. */
export const INSPECT: readonly Sabotage[] = [
  {
    name: 'one-answer-before-all',
    breaks: 'nobody waits until all of a long piece of another answer was read',
    file: 'src/inspect/inspector.ts',
    find: 'const PART_BYTES_MAX = 131_072;',
    replace: 'const PART_BYTES_MAX = 1_000_000_000;',
    test: { file: 'test/unit/inspect/answers.test.ts', name: 'others get their turn while one long piece' },
  },
  {
    name: 'tokens-in-receipts',
    breaks: 'what stands behind the URI of a resource is in no receipt',
    file: 'src/inspect/ai_facts.ts',
    find: '? resourceName(target) : target',
    replace: '? target : target',
    test: { file: 'test/unit/inspect/resource_secrets.test.ts', name: 'hold no user and no query' },
  },
  {
    name: 'schema-compiled-leniently',
    breaks: 'a keyword that would be passed over is refused when the policy is loaded',
    file: 'src/core/schema/compile_schema.ts',
    find: 'refusedPlace(schema.value, draft) ?? ',
    replace: '',
    test: { file: SCHEMAS, name: 'contents' },
  },
  {
    name: 'schema-inherited-members',
    breaks: 'what every object inherits is no member of a body',
    file: 'src/core/schema/compile_schema.ts',
    find: '  ownProperties: true,\n',
    replace: '',
    test: { file: WHOLE, name: 'members that bodies may name' },
  },
  {
    name: 'schema-fault-passes',
    breaks: 'a check that does not come to its end is a mistake',
    file: 'src/core/schema/compile_schema.ts',
    find: "return { pointer: '', keyword: FAULT };",
    replace: 'return undefined;',
    test: { file: SCHEMAS, name: 'a fault while checking' },
  },
  {
    name: 'pattern-states-entered-again',
    breaks: 'no pattern takes more than a step for each character and state',
    file: 'src/core/schema/linear_pattern.ts',
    find: '      if (this.#entered[index] === this.#round) continue;\n',
    replace: '      if (this.work > 50_000_000) return false;\n',
    test: { file: PATTERNS, name: 'patterns that take others' },
  },
  {
    name: 'repaired-text-not-read-again',
    breaks: 'what goes on after a repair is what was judged',
    file: 'src/inspect/read_json.ts',
    find: '  const again = builtFrom(mended, limits);\n',
    replace: '  const again = ok<BuiltValue>({});\n',
    test: { file: WHOLE, name: 'repair' },
  },
  {
    name: 'question-not-judged-again',
    breaks: 'a text to which we add a question still honours its contract',
    file: 'src/inspect/read_request.ts',
    find: 'isBroken === true ? undefined',
    replace: 'again.value.bytes.length === 0 ? undefined',
    test: { file: WHOLE, name: 'a question that would break' },
  },
  {
    name: 'last-element-unchecked',
    breaks: 'the mistake in the last piece cuts the stream too',
    file: 'src/inspect/streamed_request.ts',
    find: 'this.#reader.feed(chunk) ?? (isLast',
    replace: '(isLast ? undefined : this.#reader.feed(chunk)) ?? (isLast && chunk.length === 0',
    test: { file: STREAMED, name: 'the last element counts' },
  },
  {
    name: 'mistake-goes-on',
    breaks: 'nothing goes on from the piece in which the first mistake is',
    file: 'src/inspect/streamed_request.ts',
    find: "return { forward: NOTHING, facts: [this.#facts('policy_cut', problem)], end: 'cut' };",
    replace: "return { forward: chunk, facts: [this.#facts('policy_cut', problem)], end: 'cut' };",
    test: { file: STREAMED, name: 'nothing goes on from the piece' },
  },
  {
    name: 'lost-thread-answers',
    breaks: 'the job of a thread that died is never answered as valid',
    file: 'src/inspect/thread.ts',
    find: 'this.#running?.waiting.refuse(new InspectorError(code));',
    replace:
      "this.#running?.waiting.settle({ kind: 'finding', finding: { facts: { state: 'complete', bytes: 0, format: 'json' } } });",
    test: { file: THREADS, name: 'a thread that ends' },
  },
  {
    name: 'hung-thread-kept',
    breaks: 'a thread that takes too long is ended',
    file: 'src/inspect/thread.ts',
    find: '    this.#watchOver(this.#options.limits.order_ms);\n',
    replace: '    this.#watchOver(2_000_000_000);\n',
    test: { file: THREADS, name: 'a thread that takes too long' },
  },
  {
    name: 'encoded-body-passes',
    breaks: 'a body in an encoding that nobody undoes is refused',
    file: 'src/inspect/body_type.ts',
    find: "value.toLowerCase() !== 'identity'",
    replace: "value.toLowerCase() === 'deflate'",
    test: { file: WHOLE, name: 'two content-types are none' },
  },
  {
    name: 'unreadable-json-harmless',
    breaks: 'a text that only lax readers take for JSON is not called harmless',
    file: 'src/inspect/read_request.ts',
    find: "const isHidden = mayBeJson && reading.kind !== 'unknown';",
    replace: 'const isHidden = false;',
    test: { file: HIDDEN, name: 'a text that only lax readers take' },
  },
  {
    name: 'lines-hide-calls',
    breaks: 'a call in lines of JSON is found',
    file: 'src/inspect/read_request.ts',
    find: '    calls.take(value);\n',
    replace: '',
    test: { file: HIDDEN, name: 'a call in lines of JSON' },
  },
];
