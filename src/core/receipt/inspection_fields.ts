import type { Usage } from '../ai/usage.ts';
import { AI_NAME_MAX } from '../contract/body_facts.ts';
import { PROBLEM } from './body_fields.ts';
import { SETTLEMENT } from './budget_fields.ts';
import { COMMON, RECORD_CAPS, STREAMS } from './common_fields.ts';
import { TOOL_CALL_NAME_MAX, TOOL_CALLS_RECORDED_MAX } from './inspection_facts.ts';
import type { InspectionRecord } from './records.ts';
import {
  type Covers,
  HEX_32_BYTES,
  integer,
  list,
  object,
  oneOf,
  optional,
  required,
  UUID_V7,
  unicodeText,
  visibleAscii,
} from './shape.ts';

const USAGE = object({
  input: required('observed', integer()),
  cached: required('observed', integer()),
  cache_write: required('observed', integer()),
  cache_write_1h: required('observed', integer()),
  output: required('observed', integer()),
  reasoning: required('observed', integer()),
  audio: required('observed', integer()),
} satisfies Covers<Usage>);

export const INSPECTION = {
  ...COMMON,
  type: required('derived', oneOf('inspection')),
  decision_ref: required('derived', UUID_V7),
  part: required('observed', oneOf('request', 'response')),
  state: required(
    'derived',
    oneOf(
      'mark',
      'complete',
      'client_abort',
      'upstream_abort',
      'policy_cut',
      'blocked',
      'stripped',
      'bypassed',
    ),
  ),
  index: required('derived', integer()),
  format: required('derived', oneOf('json', 'json_lines', 'sse', 'other')),
  bytes_in: required('observed', integer()),
  bytes_out: required('observed', integer()),
  digest_in: required('derived', HEX_32_BYTES),
  digest_out: required('derived', HEX_32_BYTES),
  events: optional('observed', integer()),
  problem: optional('derived', PROBLEM),
  model: optional('observed', unicodeText(AI_NAME_MAX)),
  usage: optional('observed', USAGE),
  cost_micro_usd: optional('derived', integer()),
  tool_calls: optional('observed', list(visibleAscii(TOOL_CALL_NAME_MAX), TOOL_CALLS_RECORDED_MAX)),
  settled: optional('derived', list(SETTLEMENT, RECORD_CAPS.budgets)),
  streams: STREAMS,
} satisfies Covers<InspectionRecord>;
