import type { Provider } from '../ai/facts.ts';
import type { EditKind } from '../body/repair_edit.ts';

/** What all allow rules that could match ask of the body of a request, added up. */
export interface RequestDemands {
  /** The body must be JSON (`json`), or nobody asks what it is (`any`) and facts are taken where they can be. */
  readonly format: 'json' | 'json_lines' | 'any';
  /** `sha256:<hex>` of each schema that could be asked for, sorted, each once. */
  readonly schemas: readonly string[];
  /** The smallest that a rule takes. */
  readonly max_bytes: number;
  /** The strictest: deny, then stream, then scan_prefix. */
  readonly on_oversize: 'deny' | 'stream' | 'scan_prefix';
  /** The edits that every rule with demands allows; absent: no repair. */
  readonly repair?: readonly EditKind[];
  /** Pointers to arrays whose elements are checked one by one while they stream, with the schema of each. */
  readonly elements?: readonly { readonly pointer: string; readonly schema_hash: string }[];
  /** A request for a stream may be changed so that the provider tells its usage. */
  readonly ask_usage?: true;
  /** Some predicate or limit reads facts of AI. */
  readonly ai?: true;
  /** What all rules that could allow the request as a call of AI say that it is: for services that nobody knows by name. */
  readonly word?: { readonly kind: 'llm' | 'mcp' | 'a2a'; readonly provider?: Provider };
}

/** What all matching allow rules ask of the answer, added up. Serialised in receipts. */
export interface ResponseDemands {
  /** `json`: the answer must be JSON, and is held until it was checked. `sse`: events are read as they pass. `auto`: by its content-type. */
  readonly inspect: 'json' | 'sse' | 'auto';
  /** `sha256:<hex>`; each must hold. */
  readonly schemas?: readonly string[];
  /** Beyond: a violation. */
  readonly max_bytes: number;
  /** The strictest: block, then strip, then alert. */
  readonly on_violation: 'block' | 'strip' | 'alert';
  /** Pointers that are taken out of JSON answers, sorted. */
  readonly strip?: readonly string[];
  /** Hashes and stream marks go into an `inspection` record. */
  readonly notarize?: true;
  /** Names of tools that the model may not call (`deny`), or the only ones that it may (`allow`); calls are held until they are whole. */
  readonly tool_calls?: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
  /** What becomes of an answer with a content-encoding: the default is `refuse`. */
  readonly on_encoded?: 'bypass';
  /** A limit waits for the usage. */
  readonly usage?: true;
}
