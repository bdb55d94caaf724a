import type { JsonLimits } from './json_limits.ts';
import type { JsonProblem } from './json_problem.ts';
import { JsonReader } from './json_reader.ts';
import type { JsonSink } from './json_sink.ts';

/** The problem of one whole text. */
export function checkJson(bytes: Uint8Array, limits: JsonLimits, sink?: JsonSink): JsonProblem | undefined {
  const reader = new JsonReader(limits, sink);
  return reader.feed(bytes) ?? reader.end();
}
