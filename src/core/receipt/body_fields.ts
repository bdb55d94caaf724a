import { PROVIDERS, UNKNOWN_REASONS } from '../ai/facts.ts';
import { EDIT_KINDS } from '../body/repair_edit.ts';
import {
  AI_NAME_MAX,
  AI_TOOLS_BYTES_MAX,
  AI_TOOLS_MAX,
  type AiFacts,
  type BodyFacts,
  type BodyProblem,
  CHOICES_MAX,
  EDITS_RECORDED_MAX,
  INPUT_TOKENS_MAX,
  OUTPUT_TOKENS_MAX,
  POINTER_RECORDED_MAX,
  type RepairFacts,
  SCHEMAS_MAX,
  type SchemaFact,
} from '../contract/body_facts.ts';
import type { ResponseDemands } from '../contract/demands.ts';
import {
  BOOLEAN,
  CODE,
  type Covers,
  DIGEST,
  integer,
  KEYWORD,
  list,
  object,
  oneOf,
  optional,
  required,
  TOOL,
  unicodeText,
  visibleAscii,
} from './shape.ts';

/** A pointer may be empty: that is the whole text. */
const POINTER = {
  kind: 'text',
  form: 'JSON pointer',
  pattern: new RegExp(`^[^\\p{Cc}\\p{Cs}]{0,${POINTER_RECORDED_MAX}}$`, 'u'),
  length_max: POINTER_RECORDED_MAX,
  bytes_per_unit: 3,
} as const;
const NAME = unicodeText(AI_NAME_MAX);
/** No place in a body is further in. */
const OFFSET = integer(0, 999_999_999);

export const PROBLEM = object({
  code: required('derived', CODE),
  pointer: optional('observed', POINTER),
  offset: optional('observed', integer()),
} satisfies Covers<BodyProblem>);

export const SCHEMA = object({
  schema_hash: required('derived', DIGEST),
  is_valid: required('derived', BOOLEAN),
  pointer: optional('observed', POINTER),
  keyword: optional('derived', KEYWORD),
} satisfies Covers<SchemaFact>);

const EDIT = object({
  offset: required('observed', OFFSET),
  kind: required('derived', oneOf(...EDIT_KINDS, 'usage_asked')),
  removed: required('observed', OFFSET),
  inserted: required('derived', OFFSET),
} satisfies Covers<RepairFacts['edits'][number]>);

const REPAIR = object({
  edits: required('derived', list(EDIT, EDITS_RECORDED_MAX)),
  bytes: required('derived', integer()),
} satisfies Covers<RepairFacts>);

export const AI_MEMBERS = {
  kind: required('derived', oneOf('llm', 'mcp', 'a2a', 'unknown')),
  unknown_reason: optional('derived', oneOf(...UNKNOWN_REASONS)),
  provider: optional('derived', oneOf(...PROVIDERS)),
  dialect: optional('derived', oneOf('openai', 'anthropic', 'gemini', 'ollama')),
  endpoint: optional(
    'derived',
    oneOf('chat', 'completions', 'responses', 'embeddings', 'messages', 'count_tokens', 'generate'),
  ),
  model: optional('asserted_by_client', NAME),
  stream: optional('asserted_by_client', BOOLEAN),
  tools: optional('asserted_by_client', list(TOOL, AI_TOOLS_MAX, AI_TOOLS_BYTES_MAX)),
  input_tokens: optional('derived', integer(0, INPUT_TOKENS_MAX)),
  max_output_tokens: optional('asserted_by_client', integer(0, OUTPUT_TOKENS_MAX)),
  choices: optional('asserted_by_client', integer(2, CHOICES_MAX)),
  method: optional('asserted_by_client', NAME),
  target: optional('asserted_by_client', NAME),
  revision: optional('asserted_by_client', visibleAscii(32)),
  cost_at_most_micro_usd: optional('derived', integer()),
  price_unknown: optional('derived', CODE),
  input_cost_micro_usd: optional('derived', integer()),
  output_rate: optional('derived', integer()),
} satisfies Covers<AiFacts>;

/** The `body` member of `request`. */
export const BODY = object({
  state: required('observed', oneOf('complete', 'streamed')),
  bytes: required('observed', integer()),
  format: required('derived', oneOf('none', 'json', 'json_lines', 'other')),
  problem: optional('derived', PROBLEM),
  schemas: optional('derived', list(SCHEMA, SCHEMAS_MAX)),
  repair: optional('derived', REPAIR),
  ai: optional('derived', object(AI_MEMBERS)),
} satisfies Covers<BodyFacts>);

const POLICY_POINTERS_MAX = 16;
const POLICY_TOOLS_MAX = 32;
/** Of the lists as JSON: what a rule asks beyond that is refused when the policy is compiled. */
export const POLICY_POINTERS_BYTES_MAX = 1_536;
export const POLICY_TOOLS_BYTES_MAX = 1_024;

const TOOL_CALLS = object({
  allow: optional('derived', list(TOOL, POLICY_TOOLS_MAX, POLICY_TOOLS_BYTES_MAX)),
  deny: optional('derived', list(TOOL, POLICY_TOOLS_MAX, POLICY_TOOLS_BYTES_MAX)),
} satisfies Covers<NonNullable<ResponseDemands['tool_calls']>>);

export const RESPONSE_DEMANDS = object({
  inspect: required('derived', oneOf('json', 'sse', 'auto')),
  schemas: optional('derived', list(DIGEST, SCHEMAS_MAX)),
  max_bytes: required('derived', integer(1)),
  on_violation: required('derived', oneOf('block', 'strip', 'alert')),
  strip: optional('derived', list(POINTER, POLICY_POINTERS_MAX, POLICY_POINTERS_BYTES_MAX)),
  notarize: optional('derived', oneOf(true)),
  tool_calls: optional('derived', TOOL_CALLS),
  on_encoded: optional('derived', oneOf('bypass')),
  usage: optional('derived', oneOf(true)),
} satisfies Covers<ResponseDemands>);
