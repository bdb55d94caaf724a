import { utf8Encode } from '../canonical/utf8.ts';
import type { AiFacts } from '../contract/body_facts.ts';
import type { SsePlace } from '../sse/event.ts';
import { type CutDialect, writePolicyCut } from '../sse/event_writer.ts';
import { type AnswerJob, NOTHING } from './answer_job.ts';

/**
 * What the client is told at the end of a stream that is cut: an event, or a line, that its library raises an error for.
 * Nothing in the middle of an event: bytes of ours would complete what nobody judged.
 */
export function cutBytes(
  { ai, receipt_id, rpc_id }: AnswerJob,
  format: 'sse' | 'json_lines',
  place: SsePlace,
  reason: string,
): Uint8Array {
  const message = `The answer was cut by policy: ${reason}.`;
  if (format === 'sse') {
    const rpc = rpc_id === undefined ? {} : { rpc_id };
    const cut = writePolicyCut(place, { dialect: dialectOf(ai), message, reason, receipt_id, ...rpc });
    return cut.ok ? cut.value : NOTHING;
  }
  if (place === 'inside') return NOTHING;
  // Ollama's own libraries raise for an `error` that is text.
  return utf8Encode(`${JSON.stringify({ error: message, code: 'policy_cut', reason, receipt_id })}\n`);
}

function dialectOf(ai: AiFacts | undefined): CutDialect {
  if (ai?.kind === 'mcp' || ai?.kind === 'a2a') return 'jsonrpc';
  if (ai?.dialect === undefined || ai.dialect === 'ollama') return 'other';
  return ai.dialect;
}
