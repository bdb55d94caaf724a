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

/** A value to look at; `isShown`: a picture in it is one to the provider, too, and not the argument of a tool. */
interface Node {
  readonly value: JsonValue;
  readonly isShown: boolean;
}

/** The members that lead from a call to its pictures. */
const LEADS_TO_PICTURES = new Set([
  ...[
    'messages',
    'content',
    'contents',
    'parts',
    'input',
    'output',
    'source',
    'image_url',
    'images',
    'system',
  ],
  ...['inlineData', 'inline_data', 'systemInstruction', 'system_instruction', 'requests'],
  ...['functionResponse', 'function_response'],
]);

function walk(body: JsonValue): Sum {
  const sum: Sum = { text: 0, media: 0, units: 0, isComplete: true, isCut: false };
  const open: Node[] = [{ value: body, isShown: true }];
  for (let nodes = 0; ; nodes += 1) {
    const node = open.pop();
    if (node === undefined) return sum;
    if (nodes >= NODES_MAX || open.length > NODES_MAX) return { ...sum, isCut: true };
    const { value, isShown } = node;
    if (isList(value)) {
      sum.text += 1;
      for (const item of value) open.push({ value: item, isShown });
    } else if (isObject(value)) takeObject(value, isShown, sum, open);
    else if (typeof value === 'string') sum.text += counted(value, sum);
    else sum.text += String(value).length;
  }
}

function takeObject(object: JsonObject, isShown: boolean, sum: Sum, open: Node[]): void {
  sum.text += 1;
  const media = mediaOf(object);
  sum.media += media?.tokens ?? 0;
  sum.isComplete &&= media?.is_complete ?? true;
  for (const key of Object.keys(object)) {
    sum.text += counted(key, sum);
    const value = object[key] ?? null;
    // `input` is the list of a call of Responses, and the arguments of a tool of Anthropic.
    const leads = isShown && LEADS_TO_PICTURES.has(key) && !(key === 'input' && isObject(value));
    if (media?.skip !== key || !isShown) open.push({ value, isShown: leads });
  }
}

function counted(text: string, sum: Sum): number {
  const left = Math.max(0, TEXT_UNITS_MAX - sum.units);
  sum.units += text.length;
  if (text.length <= left) return textTokens(text);
  return (text.length - left) * BYTES_PER_UNIT + textTokens(text.slice(0, left));
}
