import type { Dialect, Endpoint, Provider, UnknownReason } from '../ai/facts.ts';
import type { EditRecord } from '../body/repair_edit.ts';

/**
 * What was found in the body of a request: inputs of a decision, recorded with it and believed by replay. Nothing of the
 * body itself but names that policy speaks of, each bounded.
 */
export interface BodyFacts {
  /** `complete`: all of it was read before anything went on. `streamed`: it goes on while it is read. */
  readonly state: 'complete' | 'streamed';
  /** As it came, before any repair; 0 for `streamed`. */
  readonly bytes: number;
  /** `none`: there is no body. `other`: nothing that anybody here reads. */
  readonly format: 'none' | 'json' | 'json_lines' | 'other';
  /** Why it breaks what every inspected body has to honour. A text that repair mended has none. */
  readonly problem?: BodyProblem;
  /** One for each schema that could be asked for, in the order of their hashes. Absent where the body has a problem. */
  readonly schemas?: readonly SchemaFact[];
  /** The text was mended: what is judged and forwarded is the mended one. */
  readonly repair?: RepairFacts;
  readonly ai?: AiFacts;
}

export interface BodyProblem {
  /** Of BODY_CODES, JSON_CODES or REPAIR_CODES. */
  readonly code: string;
  /** RFC 6901, cut to POINTER_RECORDED_MAX; names of members are the client's, so policy may leave it out of receipts. */
  readonly pointer?: string;
  /** Byte of the body as it came. */
  readonly offset?: number;
}

/** Why a body is refused before or beside its being JSON. */
export const BODY_CODES = [
  /** More bytes than the rule takes. */
  'BODY_TOO_LARGE',
  /** The content-type is missing, repeated, unreadable, or says another format than the rule asks for. */
  'CONTENT_TYPE_MISMATCH',
  /** A charset that is not UTF-8. */
  'CHARSET_REFUSED',
  /** content-encoding other than identity. */
  'ENCODING_REFUSED',
  /** Trailers came with it, which nobody judges. */
  'TRAILERS_REFUSED',
] as const;

export interface SchemaFact {
  /** `sha256:<hex>` of the schema as the policy holds it. */
  readonly schema_hash: string;
  readonly is_valid: boolean;
  /** Of the first mistake. */
  readonly pointer?: string;
  readonly keyword?: string;
}

export interface RepairFacts {
  /** In the order of their offsets. */
  readonly edits: readonly (Omit<EditRecord, 'kind'> & {
    readonly kind: EditRecord['kind'] | 'usage_asked';
  })[];
  /** Bytes of the text that is forwarded. */
  readonly bytes: number;
}

/** What the request is, of traffic of AI. All names cut to AI_NAME_MAX characters. */
export interface AiFacts {
  readonly kind: 'llm' | 'mcp' | 'a2a' | 'unknown';
  /** Exactly of `unknown`. */
  readonly unknown_reason?: UnknownReason;
  /** Of `llm`. */
  readonly provider?: Provider;
  /** The format of its answers: what reads them. */
  readonly dialect?: Dialect;
  readonly endpoint?: Endpoint;
  readonly model?: string;
  readonly stream?: boolean;
  /** Names of declared tools (TOOL_NAME), sorted, each once. */
  readonly tools?: readonly string[];
  readonly input_tokens?: number;
  readonly max_output_tokens?: number;
  /** Answers that are asked for, where it is more than one and they have no end. */
  readonly choices?: number;
  /** Method of MCP, operation of A2A. */
  readonly method?: string;
  /** Tool, prompt or resource of MCP. */
  readonly target?: string;
  readonly revision?: string;
  /** What the call can cost at most, and where that is unknown, why. Exactly where a limit in USD counts the request. */
  readonly cost_at_most_micro_usd?: number;
  readonly price_unknown?: string;
  /** Where only the output has no end: what the input costs at most, and micro-USD for a million tokens of output. */
  readonly input_cost_micro_usd?: number;
  readonly output_rate?: number;
}

export const POINTER_RECORDED_MAX = 128;
/** More than any body of a request comes to. */
export const INPUT_TOKENS_MAX = 99_999_999_999;
/** More than any budget has. */
export const OUTPUT_TOKENS_MAX = 99_999_999_999_999;
/** More than any provider gives. */
export const CHOICES_MAX = 999_999;
/** Characters of models, methods and targets. */
export const AI_NAME_MAX = 128;
/** A call with more tools, or with a name of another form, is `unknown`: rules about tools could be dodged. */
export const AI_TOOLS_MAX = 128;
/** Of the list as JSON (each name, two quotes and a comma): a call with more is `unknown` as well. */
export const AI_TOOLS_BYTES_MAX = 4_352;
export const TOOL_NAME = /^[A-Za-z0-9_.:/-]{1,64}$/;
export const SCHEMAS_MAX = 6;
export const EDITS_RECORDED_MAX = 24;
