import type { Rule } from '../../gen/policy_document.ts';
import { type Mistake, mistake } from './mistakes.ts';

/** Caps and frame modes on rules that grant no such stream. */
export function streamMistakes({ stream, frames, action, match }: Rule, at: string): Mistake[] {
  const kind = match?.protocol?.kind;
  const beside =
    action === 'allow' ? `beside ${kind ? `kind: ${kind}` : 'no kind'}` : `on the action ${action}`;
  const isWebsocket = action === 'allow' && kind === 'websocket';
  const found: Mistake[] = [];
  if (stream !== undefined && !isWebsocket && !(action === 'allow' && kind === 'grpc')) {
    const hint = 'caps belong to an allow rule with protocol: {kind: websocket} or {kind: grpc}';
    found.push(mistake('STREAM_UNUSED', `${at}/stream`, `stream ${beside}`, hint));
  }
  if (frames !== undefined && !isWebsocket) {
    const hint = 'frames belong to an allow rule with protocol: {kind: websocket}';
    found.push(mistake('FRAMES_UNUSED', `${at}/frames`, `frames ${beside}`, hint));
  }
  if (stream?.max_message_bytes !== undefined && frames === undefined) {
    const hint = 'nobody reads messages without frames: observe or block; max_bytes caps the whole stream';
    found.push(
      mistake('FRAMES_MISSING', `${at}/stream/max_message_bytes`, 'max_message_bytes without frames', hint),
    );
  }
  return found;
}
