import { parentPort, workerData } from 'node:worker_threads';
import { DeskWork } from './desk_work.ts';
import { movable } from './movable.ts';
import type { FromThread, Outcome, ThreadData, ToThread } from './protocol.ts';

/** The only thing this thread does: one message after the other. A fault that no order explains ends it. */
function serve(port: NonNullable<typeof parentPort>, { prices }: ThreadData): void {
  const work = new DeskWork(prices);
  const send = (message: FromThread, bytes: readonly Uint8Array[]) =>
    port.postMessage(
      message,
      bytes.map(({ buffer }) => buffer as ArrayBuffer),
    );
  port.on('message', (message: ToThread) => {
    const outcome = work.take(message);
    if (message.kind !== 'order' || outcome === undefined) return;
    const moved = withOwnBytes(outcome);
    send({ kind: 'done', id: message.id, outcome: moved.outcome }, moved.bytes);
  });
  send({ kind: 'ready' }, []);
}

/** Bytes leave with the message and are not copied again. */
function withOwnBytes(outcome: Outcome): { outcome: Outcome; bytes: readonly Uint8Array[] } {
  if (outcome.kind === 'step') {
    const forward = movable(outcome.step.forward);
    return { outcome: { kind: 'step', step: { ...outcome.step, forward } }, bytes: [forward] };
  }
  if (outcome.kind === 'failed' || outcome.finding.replacement === undefined) return { outcome, bytes: [] };
  const replacement = movable(outcome.finding.replacement);
  return { outcome: { kind: 'finding', finding: { ...outcome.finding, replacement } }, bytes: [replacement] };
}

if (parentPort !== null) serve(parentPort, workerData as ThreadData);
