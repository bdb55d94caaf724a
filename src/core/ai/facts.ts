/** The wire format. Many services speak one that is not their own. */
export type Dialect = 'openai' | 'anthropic' | 'gemini' | 'ollama';

/** Whose service; `other` is a host that we do not know, and no rule that names one. */
export const PROVIDERS = [
  'openai',
  'azure_openai',
  'anthropic',
  'gemini',
  'vertex',
  'ollama',
  'xai',
  'deepseek',
  'mistral',
  'groq',
  'moonshot',
  'openrouter',
  'other',
] as const;
export type Provider = (typeof PROVIDERS)[number];

export type Endpoint =
  | 'chat'
  | 'completions'
  | 'responses'
  | 'embeddings'
  | 'messages'
  | 'count_tokens'
  | 'generate';

/** How the answer travels when it is one of success. */
export type Framing = 'json' | 'sse' | 'json_lines' | 'json_array';

/** Why traffic is not read as anything, although something says that it is traffic of AI. */
export const UNKNOWN_REASONS = [
  /** The rule names a protocol that nothing of the request shows. */
  'WORD_UNMET',
  /** The rule names one protocol, the request shows another. */
  'KIND_DISAGREES',
  /** The rule, the host or the path name different services or formats. */
  'PROVIDER_DISAGREES',
  /** A service that we know, a place of it that we do not. */
  'ENDPOINT_UNKNOWN',
  /** The body is a call of a model, the path says nothing of it. */
  'PATH_SILENT',
  /** The path says one format, the body has another, or several. */
  'BODY_DISAGREES',
  /** The body may be JSON for somebody, and is none that all readers take alike; its type says that it is something else. */
  'JSON_UNREADABLE',
  /** A field that facts depend on has another type than the protocol gives it. */
  'FIELD_INVALID',
  /** A field differs from one that we read only in the case of its letters: servers that do not care read another. */
  'FIELD_CASE',
  /** Path and body name different models. */
  'MODEL_DISAGREES',
  'TOO_MANY_TOOLS',
  /** Two protocols have the method, and nothing else tells them apart. */
  'METHOD_AMBIGUOUS',
  /** Several messages in one body. */
  'BATCH',
  'VERSION_UNKNOWN',
  'HEADER_REPEATED',
  'HEADER_MISSING',
  'HEADER_MISMATCH',
] as const;
export type UnknownReason = (typeof UNKNOWN_REASONS)[number];

/** `at` is a JSON pointer into the body, or the name of a header. */
export interface Unknown {
  readonly kind: 'unknown';
  readonly reason: UnknownReason;
  readonly at?: string;
}

export function unknown(reason: UnknownReason, at?: string): Unknown {
  return at === undefined ? { kind: 'unknown', reason } : { kind: 'unknown', reason, at };
}

/** `function`: the agent runs it; `builtin`: named by the provider, who may run it; `mcp`: a server that the provider asks. */
export interface DeclaredTool {
  readonly kind: 'function' | 'builtin' | 'mcp';
  readonly name: string;
  /** Of a server, where the request names it. */
  readonly url?: string;
}

export interface ToolChoice {
  readonly mode: 'auto' | 'none' | 'required' | 'tool' | 'other';
  readonly name?: string;
}

export interface InputEstimate {
  /** More than the provider will count, as docs/ai.md explains, for text that people write. */
  readonly tokens: number;
  /** No tokenizer of bytes counts more, whatever the text. */
  readonly ceiling: number;
  /** False where input stands elsewhere (stored conversations, files, links) or is neither text nor a picture. */
  readonly is_complete: boolean;
}

export interface LlmRequest {
  readonly kind: 'llm';
  readonly provider: Provider;
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  /** Absent where the address names a deployment and not a model. */
  readonly model?: string;
  readonly deployment?: string;
  readonly stream: boolean;
  readonly framing: Framing;
  readonly tools: readonly DeclaredTool[];
  readonly tool_choice?: ToolChoice;
  readonly input: InputEstimate;
  /** Of all choices together; absent where the request sets no end. */
  readonly max_output_tokens?: number;
  /** How many answers are asked for, where it is more than one and they have no end. */
  readonly choices?: number;
  /** A stream of OpenAI's Chat Completions tells its usage only when asked. */
  readonly asks_usage?: boolean;
  /** What changes the price and is in no list, as `field:value`. */
  readonly surcharges: readonly string[];
}
