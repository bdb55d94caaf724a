import type { JsonValue } from '../canonical/json_value.ts';
import type { DeclaredTool, InputEstimate } from './facts.ts';
import { isList, isObject, type JsonObject } from './fields.ts';
import { mediaOf } from './media.ts';
import { textTokens } from './text_tokens.ts';

/** Values and members looked at. */
export const NODES_MAX = 500_000;
/** UTF-16 units looked at one by one; behind them each counts as the bytes that it can have at most. */
export const TEXT_UNITS_MAX = 8_000_000;
/** Frames, roles and separators that providers add around a call. */
const CALL_OVERHEAD = 32;
/** What providers tell a model about the use of tools (346 at Anthropic, more for some of its own tools). */
const TOOLS_OVERHEAD = 800;
const BYTES_PER_UNIT = 3;

export interface EstimateOptions {
  readonly body_bytes: number;
  readonly tools: readonly DeclaredTool[];
}

/**
 * Input tokens of a request, before it is sent: every string, key and number of the body counts, whether or not the
 * provider shows it to the model. One pass, whatever the body; `body_bytes` is its size on the wire.
 */
export function estimateInput(body: JsonValue, options: EstimateOptions): InputEstimate {
  const extra = CALL_OVERHEAD + (options.tools.length > 0 ? TOOLS_OVERHEAD : 0);
  // What the provider's own tools and servers find is input, too.
  const isOwn = options.tools.every(({ kind }) => kind === 'function');
  const sum = walk(body);
  const ceiling = options.body_bytes + sum.media + extra;
  const tokens = sum.isCut ? ceiling : Math.min(sum.text + sum.media + extra, ceiling);
  return { tokens, ceiling, is_complete: sum.isComplete && !sum.isCut && isOwn };
}

interface Sum {
  text: number;
  media: number;
  units: number;
  isComplete: boolean;
  isCut: boolean;
}

function walk(body: JsonValue): Sum {
  const sum: Sum = { text: 0, media: 0, units: 0, isComplete: true, isCut: false };
  const open: JsonValue[] = [body];
  for (let nodes = 0; open.length > 0; nodes += 1) {
    if (nodes >= NODES_MAX || open.length > NODES_MAX) return { ...sum, isCut: true };
    const value = open.pop() ?? null;
    if (isList(value)) {
      sum.text += 1;
      for (const item of value) open.push(item);
    } else if (isObject(value)) takeObject(value, sum, open);
    else if (typeof value === 'string') sum.text += counted(value, sum);
    else sum.text += String(value).length;
  }
  return sum;
}

function takeObject(value: JsonObject, sum: Sum, open: JsonValue[]): void {
  sum.text += 1;
  const media = mediaOf(value);
  if (media !== undefined) {
    sum.media += media.tokens;
    sum.isComplete &&= media.is_complete;
  }
  for (const key of Object.keys(value)) {
    sum.text += counted(key, sum);
    if (media?.skip !== key) open.push(value[key] ?? null);
  }
}

function counted(text: string, sum: Sum): number {
  const left = Math.max(0, TEXT_UNITS_MAX - sum.units);
  sum.units += text.length;
  if (text.length <= left) return textTokens(text);
  return (text.length - left) * BYTES_PER_UNIT + textTokens(text.slice(0, left));
}
