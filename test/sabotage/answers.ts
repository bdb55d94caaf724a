import type { Sabotage } from './sabotage.ts';

const CALLS = 'test/unit/core/answer/tool_calls.test.ts';
const STREAM = 'test/unit/core/answer/stream.test.ts';
const WHOLE = 'test/unit/core/answer/whole.test.ts';
const STRIP = 'test/unit/core/answer/strip.test.ts';
const WAY = 'test/unit/core/answer/answer_way.test.ts';

const CROWDED = 'test/unit/core/answer/crowded.test.ts';
const EXCHANGE = 'test/unit/server/inspect/exchange.test.ts';

/** Promises about answers. */
export const ANSWERS: readonly Sabotage[] = [
  {
    name: 'kept-without-room',
    breaks: 'what is kept of a stream is made room for',
    file: 'src/server/inspect/answer_side.ts',
    find: '!this.#isWhole && !this.#keep(this.#kept + chunk.length)',
    replace: 'false && !this.#keep(this.#kept + chunk.length)',
    test: { file: EXCHANGE, name: 'what a reader keeps of a stream' },
  },
  {
    name: 'copy-kept-for-nothing',
    breaks: 'a copy is given up where there is no room for it',
    file: 'src/core/answer/whole_answer.ts',
    find: 'if (isCrowded && !this.#isHeld) {',
    replace: 'if (isCrowded && this.#isHeld) {',
    test: { file: CROWDED, name: 'a copy that is kept' },
  },
  {
    name: 'call-held-without-room',
    breaks: 'a stream is cut where there is no room for what is held of it',
    file: 'src/core/answer/held_stream.ts',
    find: 'if (isCrowded && this.#kept > 0)',
    replace: 'if (isCrowded && this.#kept < 0)',
    test: { file: CROWDED, name: 'what is held of a call' },
  },
  {
    name: 'fragment-for-the-whole',
    breaks: 'a part of an answer is not taken for one',
    file: 'src/core/answer/answer_way.ts',
    find: 'if (isHeldToMore && PARTIAL',
    replace: 'if (isRead && PARTIAL',
    test: { file: WAY, name: 'a range of JSON' },
  },
  {
    name: 'cut-without-cause',
    breaks: 'the outcome of an answer that policy ended says so',
    file: 'src/core/receipt/read_end.ts',
    find: "CUT.test(details) ? 'answer_cut' : undefined",
    replace: 'CUT.test(details) ? undefined : undefined',
    test: { file: 'test/unit/core/receipt/outcome_state.test.ts', name: 'an answer that policy cut' },
  },
  {
    name: 'copies-without-end',
    breaks: 'a sender cannot fill the memory with an answer that passes at once',
    file: 'src/core/answer/whole_answer.ts',
    find: 'Math.min(max_bytes, COPY_BYTES_MAX)',
    replace: 'max_bytes',
    test: { file: WHOLE, name: 'of what passes at once no more is kept' },
  },
  {
    name: 'call-released-early',
    breaks: 'a call is held until it is whole',
    file: 'src/core/answer/held_stream.ts',
    find: 'if (!this.#judge.isOpen) this.#forward',
    replace: 'this.#forward',
    test: { file: CALLS, name: 'a call is held until it is whole' },
  },
  {
    name: 'digest-out-of-what-came',
    breaks: 'what was handed on is digested, not what came',
    file: 'src/core/answer/byte_tally.ts',
    find: 'digest_out: this.#out?.hex() ?? digest_in,',
    replace: 'digest_out: digest_in,',
    test: { file: STREAM, name: 'an event that breaks its schema is cut off' },
  },
  {
    name: 'cut-inside-event',
    breaks: 'a cut is written between two events and nowhere else',
    file: 'src/core/answer/watched_stream.ts',
    find: "this.#isLost ? 'inside' : this.#reader.place",
    replace: "'between'",
    test: { file: STREAM, name: 'between events with a notice, inside of one without' },
  },
  {
    name: 'cut-releases-held',
    breaks: 'nothing of what was held goes on with a cut',
    file: 'src/core/answer/held_stream.ts',
    find: '    this.#forward(cutBytes(',
    replace: '    this.#forward(this.#held.release(), out);\n    this.#forward(cutBytes(',
    test: { file: CALLS, name: 'goes nowhere when the stream is cut' },
  },
  {
    name: 'first-usage-wins',
    breaks: 'usage is the largest that a stream tells, not the first',
    file: 'src/core/ai/answer.ts',
    find: 'this.#usage = largerUsage(this.#usage, usage);',
    replace: 'this.#usage ??= usage;',
    test: { file: STREAM, name: 'anthropic: usage, model and calls of a stream' },
  },
  {
    name: 'half-usage-settles',
    breaks: 'a stream that breaks off has no usage',
    file: 'src/core/answer/model_reading.ts',
    find: "facts.is_complete || (isEnded && this.#kind.dialect === 'openai')",
    replace: 'true',
    test: { file: STREAM, name: 'anthropic: a stream that breaks off' },
  },
  {
    name: 'doubt-passes',
    breaks: 'calls that cannot be told for certain are cut',
    file: 'src/core/answer/unit_judge.ts',
    find: 'return !unit.isLossy && parsed.ok && isCertain(kind, parsed.value, true);',
    replace: 'return !unit.isLossy && parsed.ok;',
    test: { file: CALLS, name: 'cut, because it cannot be told for certain' },
  },
  {
    name: 'unread-lines-pass',
    breaks: 'lines that are no fields do not pass under a rule about calls',
    file: 'src/core/answer/held_stream.ts',
    find: '!hasPlainLines(block, this.#isFirst)',
    replace: 'block.length < 0',
    test: { file: CALLS, name: 'a line that is no field' },
  },
  {
    name: 'strip-takes-no-comma',
    breaks: 'what is left of a stripped answer is JSON',
    file: 'src/core/answer/strip_locator.ts',
    find: 'const isTail = lastKept >= 0 && number > lastKept;',
    replace: 'const isTail = false;',
    test: { file: STRIP, name: 'one comma goes with each' },
  },
  {
    name: 'strip-cures-everything',
    breaks: 'what strip does not cure is blocked',
    file: 'src/core/answer/whole_judgement.ts',
    find: 'const problem = problemIn(kept.value, job, parts);',
    replace: 'const problem = undefined;',
    test: { file: WHOLE, name: 'blocked, or only told: .*"strip"' },
  },
  {
    name: 'alert-blocks',
    breaks: 'an alert never holds an answer',
    file: 'src/core/answer/whole_answer.ts',
    find: "this.#isHeld = job.demands.on_violation !== 'alert';",
    replace: 'this.#isHeld = true;',
    test: { file: WHOLE, name: 'an alert holds nothing back' },
  },
  {
    name: 'encoded-answer-passes',
    breaks: 'a compressed answer passes only where a rule says so',
    file: 'src/core/answer/answer_way.ts',
    find: "demands.on_encoded === 'bypass'",
    replace: "demands.on_encoded !== undefined || demands.inspect === 'auto'",
    test: { file: WAY, name: 'compressed' },
  },
  {
    name: 'marks-by-chunks',
    breaks: 'marks stand at events, however the network cut them',
    file: 'src/core/answer/watched_stream.ts',
    find: 'this.#tally.both(chunk.subarray(from, unit.end));\n      from = unit.end;',
    replace: 'this.#tally.both(chunk.subarray(from));\n      from = chunk.length;',
    test: { file: STREAM, name: 'every 256 events a mark' },
  },
  {
    name: 'named-block-passes',
    breaks: 'what has a name and is of no kind of call is taken for a call that nobody can tell',
    file: 'src/core/answer/certain_shape.ts',
    find: "calls.test(textOf(block, 'type') ?? '')",
    replace: 'calls instanceof RegExp',
    test: { file: CALLS, name: 'what has a name' },
  },
];
