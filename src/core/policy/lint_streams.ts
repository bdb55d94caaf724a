import { type Mistake, pointerOf, quoted, warning } from './mistakes.ts';
import type { PlanRule } from './plan.ts';

/** Rules about streams that do less than somebody may think. */
export function streamWarnings(own: readonly PlanRule[]): readonly Mistake[] {
  return own.flatMap((rule) => [...unbounded(rule), ...wrongMethod(rule)]);
}

function unbounded({ id, index, stream }: PlanRule): readonly Mistake[] {
  if (stream?.frames !== 'block' || stream.max_message_bytes !== undefined) return [];
  const message = `frames: block of the rule ${quoted(id)} lets messages of any size through`;
  const hint = 'it ends sessions that break RFC 6455; add stream.max_message_bytes to bound messages, too';
  return [warning('MESSAGES_UNBOUNDED', pointerOf('rules', index, 'frames'), message, hint)];
}

/** A handshake is a GET, a call a POST. */
function wrongMethod({ id, index, match: { kind, methods } }: PlanRule): readonly Mistake[] {
  const only = kind === 'websocket' ? 'GET' : kind === 'grpc' ? 'POST' : undefined;
  if (only === undefined || methods === undefined || methods.has(only)) return [];
  const message = `the rule ${quoted(id)} of kind: ${kind} leaves out the method ${only}, which these always have`;
  const at = pointerOf('rules', index, 'match');
  return [warning('RULE_NEVER_MATCHES', at, message, `add ${only} to methods, or remove methods`)];
}
