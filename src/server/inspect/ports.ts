import type { AiFacts, BodyFacts } from '../../core/contract/body_facts.ts';
import type { RequestDemands, ResponseDemands } from '../../core/contract/demands.ts';
import type { InspectionFacts } from '../../core/receipt/inspection_facts.ts';
import type { EgressRequest, RawRequest } from '../../core/request/egress_request.ts';

/** Looks at bodies, away from the thread that answers Checks. What it finds is fact for `decide`; it decides nothing. */
export interface BodyInspector {
  /** A whole body, which may be empty. Never rejects for what a client sent. */
  request(job: RequestJob): Promise<RequestFinding>;
  /** A body that goes on while it is read. */
  streamed(job: Omit<RequestJob, 'body'>): RequestReader;
  response(job: ResponseJob): AnswerReader;
}

export interface RequestJob {
  readonly body: Uint8Array;
  readonly request: Pick<EgressRequest, 'host' | 'method' | 'path' | 'query'>;
  /** As the client sent them, without what is stripped. */
  readonly headers: RawRequest['headers'];
  readonly demands: RequestDemands;
  /** The policy whose schemas the demands name, and how to get them: canonical JSON text of a schema by its hash. */
  readonly schemaOf: (schema_hash: string) => PolicySchema | undefined;
}

export interface PolicySchema {
  readonly draft: '2020-12' | 'draft-07';
  /** JSON text. */
  readonly text: string;
}

export interface RequestFinding {
  readonly facts: BodyFacts;
  /** Goes on in place of the body: repaired, or asking for usage. */
  readonly replacement?: Uint8Array;
  /** Of a JSON-RPC request, at most 256 characters: what a cut answer is told with. No fact of a decision. */
  readonly rpc_id?: string | number;
}

/** Each chunk is held until it was read; nothing behind a mistake goes on. */
export interface RequestReader {
  /** Facts before the first chunk: format and state alone. */
  readonly facts: BodyFacts;
  /** `isCrowded`: there is no room to keep anything of it any longer than until the reply. */
  feed(chunk: Uint8Array, isLast: boolean, isCrowded?: boolean): Promise<ReadStep>;
  abort(by: 'client' | 'upstream'): Promise<ReadStep>;
}

export interface ResponseJob {
  readonly demands: ResponseDemands;
  readonly schemaOf: RequestJob['schemaOf'];
  readonly status: number;
  readonly headers: RawRequest['headers'];
  /** What the request was. */
  readonly ai?: AiFacts;
  /** Of the request, where it was JSON-RPC: what a cut stream is answered with. */
  readonly rpc_id?: string | number;
  readonly receipt_id: string;
}

export interface AnswerReader {
  /**
   * `whole`: the answer is to be buffered and given in one `feed`. `stream`: chunk by chunk. `pass`: nobody needs to see it.
   * `refuse`: it must not go on, for the reason in `problem` (an encoding, a type).
   */
  readonly way: 'whole' | 'stream' | 'pass' | 'refuse';
  readonly problem?: NonNullable<InspectionFacts['problem']>;
  /** `isCrowded` as of a request. */
  feed(chunk: Uint8Array, isLast: boolean, isCrowded?: boolean): Promise<ReadStep>;
  /** The answer will not come to its end. */
  abort(by: 'client' | 'upstream'): Promise<ReadStep>;
}

export interface ReadStep {
  /** Goes on in place of the chunk; may be shorter (held back) or longer (released, or the event that ends a stream). */
  readonly forward: Uint8Array;
  /** To be recorded in this order before `forward` goes on. The last one of a part is its end. */
  readonly facts: readonly Omit<InspectionFacts, 'settled'>[];
  /** `cut`: nothing behind `forward` goes on. `blocked`: a whole answer is replaced by our own. */
  readonly end?: 'complete' | 'cut' | 'blocked';
  /** Bytes that the reader of a stream keeps for now; absent: none to speak of. */
  readonly kept?: number;
}
