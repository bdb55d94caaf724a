import type { InspectionFinding } from '../../core/receipt/inspection_facts.ts';
import { INSPECTION } from '../../core/receipt/inspection_fields.ts';
import { BOOLEAN, type Covers, object, required, UUID_V7 } from '../../core/receipt/shape.ts';
import type { InspectionNotice } from '../notices.ts';

const { part, state, index, format, bytes_in, bytes_out, digest_in, digest_out } = INSPECTION;
const { events, problem, model, usage, cost_micro_usd, tool_calls } = INSPECTION;

/** The members of the record that a gateway fills in; all others are the recorder's. */
const FINDING = {
  ...{ part, state, index, format, bytes_in, bytes_out, digest_in, digest_out },
  ...{ events, problem, model, usage, cost_micro_usd, tool_calls },
} satisfies Covers<InspectionFinding>;

export const INSPECTED = {
  receipt_id: required('derived', UUID_V7),
  facts: required('observed', object(FINDING)),
  is_end: required('derived', BOOLEAN),
} satisfies Covers<InspectionNotice>;
