// Generated from policies/policy.schema.json by `npm run gen`. Do not edit.

/**
 * @minItems 1
 * @maxItems 1000
 */
export type IdList = string[];
/**
 * Every declared tool is one of these. Not for deny rules.
 *
 * @maxItems 32
 */
export type ToolNames = string[];
/**
 * Some declared tool is one of these.
 *
 * @maxItems 32
 */
export type ToolNames1 = string[];
/**
 * The only tools that the model may call; empty: none.
 *
 * @maxItems 32
 */
export type ToolNames2 = string[];
/**
 * Tools that the model may not call.
 *
 * @maxItems 32
 */
export type ToolNames3 = string[];
export type Id = string;
/**
 * Ids of schemas of this document that the body fits. It fits no other.
 *
 * @minItems 1
 * @maxItems 1000
 */
export type IdList1 = string[];
/**
 * Names of declared tools.
 *
 * @maxItems 32
 */
export type ToolNames4 = string[];

/**
 * One policy: who may call what, how often. Nothing is allowed that no rule allows.
 */
export interface PolicyDocument {
  /**
   * Version of the document format.
   */
  schema: 'clawgress/policy/v1';
  /**
   * Name of the policy in receipts.
   */
  id: string;
  /**
   * Ids of parent documents. Their deny and observing rules and their limits apply, too; their allow rules grant nothing here.
   *
   * @minItems 1
   * @maxItems 16
   */
  inherits?: string[];
  /**
   * true: whatever inherits this document allows only what the rules of this one allow, too.
   */
  ceiling?: true;
  /**
   * JSON Schemas that rules of this document ask bodies and answers to fit.
   *
   * @minItems 1
   * @maxItems 256
   */
  schemas?: BodySchema[];
  /**
   * Rules in any order; the order never changes a verdict. An empty list denies everything.
   *
   * @maxItems 20000
   */
  rules: Rule[];
  /**
   * Rate limits for requests that the rules allow. All that cover a request are tested, then charged together.
   *
   * @maxItems 1000
   */
  limits?: Limit[];
  /**
   * Requests that a deny rule of a parent does not apply to, until a date. Only in signed policy.
   *
   * @minItems 1
   * @maxItems 1000
   */
  exceptions?: Exception[];
  /**
   * Requests with their expected verdicts, judged at every load. A failing test refuses the document.
   *
   * @maxItems 1000
   */
  tests?: DocumentTest[];
}
export interface BodySchema {
  /**
   * Unique among the schemas of the document.
   */
  id: string;
  /**
   * Of JSON Schema. Default: what $schema says, else 2020-12.
   */
  draft?: '2020-12' | 'draft-07';
  /**
   * The schema as a mapping, as true or false, or as JSON text. At most 65536 characters as JSON; references stay inside.
   */
  schema: {
    [k: string]: unknown;
  };
}
export interface Rule {
  /**
   * Unique among rules and limits; named in receipts.
   */
  id: string;
  /**
   * Which of several equally strong rules a receipt names: the highest. Never changes a verdict. Default 0.
   */
  priority?: number;
  /**
   * false leaves the rule out. Default true.
   */
  enabled?: boolean;
  match?: Match;
  /**
   * deny beats allow; alert and log_only observe and never grant.
   */
  action: 'allow' | 'deny' | 'alert' | 'log_only';
  /**
   * true: the rule counts only for the recorded would-be verdict. Default false.
   */
  shadow?: boolean;
  /**
   * Allow rules only. What to do with a path that can be read in two ways: deny it, forward the normalised path, or forward the raw bytes. Default deny_ambiguous.
   */
  path?: 'deny_ambiguous' | 'rewrite' | 'raw';
  /**
   * Allow rules only. What a CONNECT to these destinations opens: intercept terminates TLS and judges each request inside; passthrough (only with kind: connect, and what that means anyway) lets TLS for the same name through unseen; deny opens no tunnel. Default: a tunnel only with kind: connect or tcp.
   */
  tls?: 'intercept' | 'passthrough' | 'deny';
  stream?: StreamCaps;
  /**
   * Allow rules of kind websocket. observe counts messages; block also ends the session at one that breaks RFC 6455 or is larger than stream.max_message_bytes. Of several matching rules block holds. Default: frames are not read.
   */
  frames?: 'observe' | 'block';
  request?: RequestContract;
  response?: ResponseContract;
}
/**
 * All predicates must hold. Absent: every request.
 */
export interface Match {
  agent?: AgentMatch;
  destination?: DestinationMatch;
  /**
   * Listed methods, upper case.
   *
   * @minItems 1
   * @maxItems 64
   */
  methods?: string[];
  /**
   * Listed prefixes of the path; a prefix ends at a segment border.
   *
   * @minItems 1
   * @maxItems 1000
   */
  path_prefixes?: string[];
  query?: QueryMatch;
  protocol?: ProtocolMatch;
}
/**
 * Who asks. An absent list means any.
 */
export interface AgentMatch {
  agent_id?: IdList;
  team_id?: IdList;
  project_id?: IdList;
  environment?: IdList;
  tenant_id?: IdList;
  /**
   * What proved who asks: source is the address or user id of a transparent connection alone, the weakest.
   *
   * @minItems 1
   */
  auth_type?: ('api_key' | 'jwt' | 'mtls' | 'source')[];
}
/**
 * Where to.
 */
export interface DestinationMatch {
  /**
   * Exact names, *.name for one or more labels below a name, or IP addresses.
   *
   * @minItems 1
   * @maxItems 10000
   */
  hosts?: string[];
  /**
   * Listed ports. Absent: any.
   *
   * @minItems 1
   * @maxItems 1000
   */
  ports?: number[];
  /**
   * tcp is what an opaque tunnel carries. Absent: any.
   *
   * @minItems 1
   */
  schemes?: ('http' | 'https' | 'tcp')[];
  /**
   * true: every host name (in an allow rule no IP address). An allow rule needs hosts or this.
   */
  any_host?: true;
}
/**
 * Query parameters.
 */
export interface QueryMatch {
  /**
   * Decoded parameter names that the query must not carry.
   *
   * @minItems 1
   * @maxItems 64
   */
  absent: string[];
}
/**
 * How the request reaches the gateway.
 */
export interface ProtocolMatch {
  /**
   * http: a request the gateway sees; of an allow rule, any but a WebSocket. websocket, grpc: those alone. connect: a CONNECT; of an allow rule, one that carries TLS for the name it asked for. tcp: a CONNECT that may carry any bytes. A transparent connection that is no HTTP counts as a CONNECT. llm, mcp, a2a: requests whose headers and body are such a call; the body is read for that.
   */
  kind: 'http' | 'connect' | 'tcp' | 'websocket' | 'grpc' | 'llm' | 'mcp' | 'a2a';
  /**
   * Only with kind: llm. Whose service.
   *
   * @minItems 1
   */
  providers?: (
    | 'openai'
    | 'azure_openai'
    | 'anthropic'
    | 'gemini'
    | 'vertex'
    | 'ollama'
    | 'xai'
    | 'deepseek'
    | 'mistral'
    | 'groq'
    | 'moonshot'
    | 'openrouter'
    | 'other'
  )[];
  /**
   * Only with kind: llm. What is called.
   *
   * @minItems 1
   */
  endpoints?: (
    'chat' | 'completions' | 'responses' | 'embeddings' | 'messages' | 'count_tokens' | 'generate'
  )[];
  /**
   * Only with kind: llm. Names of models, or beginnings of names with one * at the end.
   *
   * @minItems 1
   * @maxItems 256
   */
  models?: string[];
  tools?: ToolMatch;
  /**
   * Only with kind: mcp or a2a. Methods of MCP such as tools/call, operations of A2A.
   *
   * @minItems 1
   * @maxItems 256
   */
  methods?: string[];
  /**
   * Only with kind: mcp. Tools, prompts or resources.
   *
   * @minItems 1
   * @maxItems 256
   */
  targets?: string[];
}
/**
 * Only with kind: llm. The tools that the call declares.
 */
export interface ToolMatch {
  only?: ToolNames;
  any_of?: ToolNames1;
}
/**
 * Allow rules of kind websocket or grpc. Caps of each stream; of several matching rules the smallest hold.
 */
export interface StreamCaps {
  /**
   * Bytes in both directions together, the handshake left out; the stream ends there.
   */
  max_bytes?: number;
  /**
   * How long the stream may stand.
   */
  max_seconds?: number;
  /**
   * Bytes of one WebSocket message, all its fragments together. Only with frames.
   */
  max_message_bytes?: number;
}
/**
 * Allow rules about requests. What the body has to honour before anything of it goes on. Of several matching rules the strictest hold.
 */
export interface RequestContract {
  /**
   * json: one JSON text. json_lines: one in each line. any: whatever it is. Default: json beside schema, elements or repair, else any.
   */
  format?: 'json' | 'json_lines' | 'any';
  /**
   * Id of the schema that the body has to fit; of json_lines each line.
   */
  schema?: string;
  elements?: ElementContract;
  /**
   * once: a text that is nearly JSON is mended where that cannot change its meaning, and checked again. Default: it is refused.
   */
  repair?: 'once';
  /**
   * Only with repair. What may be mended. Default: all of them.
   *
   * @minItems 1
   */
  repair_kinds?: ('code_fence' | 'bom' | 'trailing_comma' | 'comment' | 'single_quotes' | 'unquoted_key')[];
  /**
   * Bytes of the body that are held and read. Default 1048576.
   */
  max_bytes?: number;
  /**
   * A body beyond max_bytes: deny refuses it; stream passes it on while it is checked, and cuts it at a mistake; scan_prefix reads max_bytes of it and lets the rest through unread. Default deny.
   */
  on_oversize?: 'deny' | 'stream' | 'scan_prefix';
  /**
   * true: a call of a model that streams may be changed so that the provider tells its usage.
   */
  ask_usage?: true;
}
/**
 * An array whose elements are checked one by one, also while a large body streams.
 */
export interface ElementContract {
  /**
   * JSON pointer to the array; empty for the whole text.
   */
  pointer: string;
  /**
   * Id of the schema that each element has to fit.
   */
  schema: string;
}
/**
 * Allow rules about requests. What the answer has to honour, and what is recorded of it. Of several matching rules the strictest hold.
 */
export interface ResponseContract {
  /**
   * json: the answer has to be JSON and is held until it was read. sse: events are read as they pass. auto: by its content-type. Default: json beside schema or strip, else auto.
   */
  inspect?: 'json' | 'sse' | 'auto';
  /**
   * Id of the schema that a JSON answer has to fit.
   */
  schema?: string;
  /**
   * Bytes of the answer; more break the contract. Default 16777216.
   */
  max_bytes?: number;
  /**
   * block: the agent gets our refusal, or the stream is cut. strip: what strip names is taken out and the rest goes on. alert: all goes on and the receipt says so. Default block.
   */
  on_violation?: 'block' | 'strip' | 'alert';
  /**
   * JSON pointers whose values are taken out of JSON answers.
   *
   * @minItems 1
   * @maxItems 16
   */
  strip?: string[];
  /**
   * true: digests of the answer, of streams from time to time, are recorded.
   */
  notarize?: true;
  tool_calls?: ToolCallContract;
  /**
   * An answer with a content-encoding although identity was asked for: refuse it, or bypass lets it through unread. Default refuse.
   */
  on_encoded?: 'refuse' | 'bypass';
}
/**
 * Which tools the model may call; calls are held until they are whole.
 */
export interface ToolCallContract {
  allow?: ToolNames2;
  deny?: ToolNames3;
}
export interface Limit {
  /**
   * Unique among rules and limits; named in receipts.
   */
  id: string;
  match?: Match1;
  /**
   * What has a bucket of its own, within a tenant.
   */
  per: 'agent' | 'team' | 'project' | 'environment';
  /**
   * Requests per second.
   */
  rps?: number;
  /**
   * Requests per minute.
   */
  rpm?: number;
  /**
   * Requests that may come at once. Belongs to rps, or to rpm when there is no rps. Default: rps, or a tenth of rpm.
   */
  burst?: number;
  /**
   * Tokens of calls of models that may be spent in the window, input and output together. In place of rps and rpm.
   */
  tokens?: number;
  /**
   * US cents that calls of models may cost in the window. In place of rps and rpm.
   */
  usd_cents?: number;
  window?: Window;
  /**
   * Of tokens or usd_cents: what becomes of a call that nobody can count or price. deny refuses it; alert lets it pass, counts nothing before its answer and says so. Default deny.
   */
  unknown_price?: 'deny' | 'alert';
  /**
   * Of tokens or usd_cents: what is reserved for the output of a call that sets no end to it. Default 4096.
   */
  default_output_tokens?: number;
  /**
   * Beyond the limit: hard_stop refuses with 429; throttle holds requests back for the next free slot; soft_stop lets runs that began before go on for a while, up to 110 %; alert_only passes and records. Default hard_stop.
   */
  mode?: 'hard_stop' | 'throttle' | 'soft_stop' | 'alert_only';
  /**
   * throttle only: the longest wait for a slot; a request that would wait longer is refused with 429. Default 1000.
   */
  max_delay_ms?: number;
  /**
   * soft_stop only: how long after the limit was used up a run may go on. Default 5.
   */
  grace_minutes?: number;
  /**
   * soft_stop only: how many calls a run may make beyond the limit. Default 20.
   */
  grace_calls?: number;
  /**
   * Percentage of the limit at which receipts, a metric and the log say that it is nearly used up. Default 80.
   */
  near_limit?: number;
}
/**
 * Requests that are counted. Absent: all.
 */
export interface Match1 {
  agent?: AgentMatch;
  destination?: DestinationMatch;
  /**
   * Listed methods, upper case.
   *
   * @minItems 1
   * @maxItems 64
   */
  methods?: string[];
  /**
   * Listed prefixes of the path; a prefix ends at a segment border.
   *
   * @minItems 1
   * @maxItems 1000
   */
  path_prefixes?: string[];
  query?: QueryMatch;
  protocol?: ProtocolMatch;
}
/**
 * Of tokens or usd_cents: over which time.
 */
export interface Window {
  /**
   * The last minutes, hours or days before each request, such as 30m, 1h or 7d; at most 366d.
   */
  sliding?: string;
  /**
   * Minutes, hours or days one after the other from the anchor on, such as 1h or 30d; at most 366d.
   */
  fixed?: string;
  /**
   * fixed only: the day on which a window begins, at midnight UTC, such as 2026-01-01.
   */
  anchor?: string;
  /**
   * Days begin at midnight UTC, and nothing else can be said.
   */
  tz?: 'UTC';
}
export interface Exception {
  /**
   * Unique among the exceptions of the document.
   */
  id: string;
  /**
   * The deny rule of a parent: document/rule.
   */
  to: string;
  match: Match2;
  /**
   * Why, for whoever reads the policy.
   */
  reason: string;
  /**
   * From this moment on the deny rule applies again.
   */
  expires: string;
}
/**
 * What the deny rule no longer applies to. All predicates must surely hold, as in an allow rule.
 */
export interface Match2 {
  agent?: AgentMatch;
  destination?: DestinationMatch;
  /**
   * Listed methods, upper case.
   *
   * @minItems 1
   * @maxItems 64
   */
  methods?: string[];
  /**
   * Listed prefixes of the path; a prefix ends at a segment border.
   *
   * @minItems 1
   * @maxItems 1000
   */
  path_prefixes?: string[];
  query?: QueryMatch;
  protocol?: ProtocolMatch;
}
export interface DocumentTest {
  /**
   * What the test shows; unique.
   */
  name: string;
  request: TestRequest;
  expect: TestExpectation;
}
export interface TestRequest {
  agent?: TestAgent;
  /**
   * Default GET.
   */
  method?: string;
  /**
   * http:// or https:// URL, taken byte for byte.
   */
  url?: string;
  /**
   * host:port of a CONNECT, instead of url.
   */
  connect?: string;
  /**
   * Beside url: a WebSocket handshake, or a gRPC call (its method is POST). Absent: a plain request.
   */
  protocol?: 'websocket' | 'grpc';
  /**
   * ip:port that a transparent connection was made to, IPv6 in brackets. Beside connect: TLS if that names a host, other bytes if it is an address.
   */
  transparent?: string;
  /**
   * Names of headers that the request carries (override headers matter).
   *
   * @minItems 1
   * @maxItems 64
   */
  headers?: string[];
  body?: TestBody;
}
/**
 * Who asks. tenant_id is default unless given; other absent ids are unset.
 */
export interface TestAgent {
  agent_id?: Id;
  team_id?: Id;
  project_id?: Id;
  environment?: Id;
  tenant_id?: Id;
  /**
   * Default api_key.
   */
  auth_type?: 'api_key' | 'jwt' | 'mtls' | 'source';
}
/**
 * Beside url: what was found in the body. Absent: nobody has looked.
 */
export interface TestBody {
  /**
   * Default json.
   */
  format?: 'none' | 'json' | 'json_lines' | 'other';
  /**
   * Default 1.
   */
  bytes?: number;
  /**
   * Why the body cannot be read, as receipts say it.
   */
  problem?: string;
  valid?: IdList1;
  /**
   * What was mended.
   *
   * @minItems 1
   */
  repaired?: ('code_fence' | 'bom' | 'trailing_comma' | 'comment' | 'single_quotes' | 'unquoted_key')[];
  ai?: TestAi;
}
/**
 * What the call is. Absent: no traffic of AI.
 */
export interface TestAi {
  /**
   * unknown: traffic of AI that cannot be read for certain.
   */
  kind: 'llm' | 'mcp' | 'a2a' | 'unknown';
  /**
   * Default other, of llm.
   */
  provider?:
    | 'openai'
    | 'azure_openai'
    | 'anthropic'
    | 'gemini'
    | 'vertex'
    | 'ollama'
    | 'xai'
    | 'deepseek'
    | 'mistral'
    | 'groq'
    | 'moonshot'
    | 'openrouter'
    | 'other';
  /**
   * Default chat, of llm.
   */
  endpoint?: 'chat' | 'completions' | 'responses' | 'embeddings' | 'messages' | 'count_tokens' | 'generate';
  /**
   * Its name.
   */
  model?: string;
  tools?: ToolNames4;
  /**
   * Of mcp and a2a.
   */
  method?: string;
  /**
   * Tool, prompt or resource of mcp.
   */
  target?: string;
}
export interface TestExpectation {
  verdict: 'allow' | 'deny';
  /**
   * Reason code of the verdict.
   */
  reason?:
    | 'POLICY_ALLOW'
    | 'POLICY_DENY'
    | 'POLICY_NO_MATCH'
    | 'POLICY_CEILING'
    | 'TUNNEL_OPAQUE'
    | 'PATH_AMBIGUOUS'
    | 'OVERRIDE_HEADER'
    | 'UPGRADE_NOT_ALLOWED'
    | 'AUTHORITY_INVALID'
    | 'DESTINATION_SELF'
    | 'HOST_NUMERIC'
    | 'METHOD_INVALID'
    | 'ORIGINAL_PORT_MISMATCH'
    | 'PATH_INVALID'
    | 'REQUEST_TOO_LARGE'
    | 'UPGRADE_INVALID'
    | 'BODY_NOT_COMPLETED'
    | 'BODY_INVALID'
    | 'BODY_TOO_LARGE'
    | 'BODY_TYPE_REFUSED'
    | 'SCHEMA_INVALID'
    | 'AI_UNREADABLE'
    | 'RECORD_TOO_LARGE';
  /**
   * The rule that the receipt names.
   */
  rule?: string;
  /**
   * What the CONNECT opens: requests judged inside, TLS for this name, or any bytes.
   */
  tunnel?: 'intercept' | 'passthrough' | 'raw';
  stream?: StreamCaps1;
  /**
   * What is done with the frames of the allowed WebSocket.
   */
  frames?: 'observe' | 'block';
}
/**
 * The caps of the allowed WebSocket or gRPC call, all of them.
 */
export interface StreamCaps1 {
  /**
   * Bytes in both directions together, the handshake left out; the stream ends there.
   */
  max_bytes?: number;
  /**
   * How long the stream may stand.
   */
  max_seconds?: number;
  /**
   * Bytes of one WebSocket message, all its fragments together. Only with frames.
   */
  max_message_bytes?: number;
}
