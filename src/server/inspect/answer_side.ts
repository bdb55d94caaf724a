import type { ResponseDemands } from '../../core/contract/demands.ts';
import type { RawRequest } from '../../core/request/egress_request.ts';
import type { ReasonCode } from '../../core/verdict/reasons.ts';
import type { AllowAnswer, DenialAnswer } from '../codec/answer.ts';
import { allowHeaders, type HeaderOption, set } from '../codec/answer_headers.ts';
import type { ProcMessage } from '../codec/ext_proc_message.ts';
import type { ProcAnswer } from '../codec/ext_proc_reply.ts';
import type { Snapshot } from '../ports.ts';
import type { Call } from '../propose.ts';
import { unrecordedDenial } from '../reply.ts';
import type { Admitted } from './admission.ts';
import { announcedLength, BUFFER_BYTES_MAX } from './body_way.ts';
import type { InspectDependencies } from './dependencies.ts';
import { recordStep } from './inspection_records.ts';
import type { AnswerReader, ReadStep, ResponseJob } from './ports.ts';

/** What an allow leaves for its answer. */
export interface Allowed extends Pick<AllowAnswer, 'receipt' | 'limit'> {
  /** `tenant/agent`. */
  readonly agent: string;
  readonly demands?: ResponseDemands;
  readonly snapshot: Snapshot;
  readonly ai?: ResponseJob['ai'];
  readonly rpc_id?: ResponseJob['rpc_id'];
  /** Whose answer it is. */
  readonly call: Call;
}

type Begun =
  | { readonly way: 'whole' | 'stream' | 'pass'; readonly reply: Omit<ProcAnswer, 'to'> }
  | { readonly way: 'refused'; readonly denial: DenialAnswer };

export type AnswerPiece =
  | { readonly end: 'goes_on' | 'cut'; readonly reply: Omit<ProcAnswer, 'to'> }
  | { readonly end: 'blocked'; readonly denial: DenialAnswer };

const PIECES_BYTES = 262_144;
const NOTHING = new Uint8Array();

/** The answer of one allowed request. What was found in it is recorded before its end goes on. */
export class AnswerSide {
  readonly #deps: InspectDependencies;
  readonly #allowed: Allowed;
  #reader: AnswerReader | undefined;
  #isWhole = false;
  #room: Admitted | undefined;
  /** Bytes of a stream that its reader keeps. */
  #kept = 0;

  constructor(deps: InspectDependencies, allowed: Allowed) {
    this.#deps = deps;
    this.#allowed = allowed;
  }

  async begin(
    { status, headers, isLast, origin }: Extract<ProcMessage, { kind: 'response_headers' }>,
    isRequestRead: boolean,
  ): Promise<Begun> {
    const { demands, receipt, limit } = this.#allowed;
    const headersSet = allowHeaders({ receipt, ...(limit === undefined ? {} : { limit }) });
    const pass: Begun = { way: 'pass', reply: { set: headersSet } };
    // Without a body there is nothing to read, and what Envoy says is no answer of the destination.
    if (demands === undefined || isLast || origin !== 'destination') return pass;
    const reader = this.#open(demands, status, headers);
    if (reader.way === 'pass') return pass;
    if (reader.way === 'refuse') return await this.#refuse(reader);
    this.#isWhole = reader.way === 'whole';
    const bytes = this.#isWhole ? roomFor(headers, demands) : PIECES_BYTES;
    this.#room = this.#deps.admission.admit(this.#allowed.agent, bytes);
    this.#reader = reader;
    // Not as of a request for which there is no room: that one can be repeated, this one was sent.
    if (this.#room === undefined) return { way: 'refused', denial: this.#denial('RESPONSE_BLOCKED') };
    const request = isRequestRead ? 'streamed' : 'none';
    const mode = { request, response: this.#isWhole ? 'buffered' : 'streamed' } as const;
    return {
      way: reader.way,
      reply: { set: headersSet, mode, ...(this.#isWhole ? {} : { remove: ['content-length'] }) },
    };
  }

  /** Of a whole answer the only piece. */
  async read(chunk: Uint8Array, isLast: boolean): Promise<AnswerPiece> {
    const reader = this.#reader;
    if (reader === undefined) throw new Error('invariant: an answer that nobody reads');
    const isCrowded = !this.#isWhole && !this.#keep(this.#kept + chunk.length);
    const step = await reader.feed(chunk, this.#isWhole || isLast, isCrowded);
    this.#kept = step.kept ?? 0;
    if (!this.#isWhole) this.#keep(this.#kept);
    await this.#record(step);
    if (step.end === 'blocked') return { end: 'blocked', denial: this.#denial('RESPONSE_BLOCKED') };
    const isSame = Buffer.compare(step.forward, chunk) === 0;
    const changed: HeaderOption[] =
      this.#isWhole && !isSame ? [set('content-length', String(step.forward.length))] : [];
    const reply = { set: changed, ...(isSame ? {} : { body: step.forward }) };
    return { end: step.end === 'cut' ? 'cut' : 'goes_on', reply };
  }

  /** Room for so much of a stream. What a destination lets us wait for would else be held for nothing. */
  #keep(bytes: number): boolean {
    return this.#room?.resize(Math.max(PIECES_BYTES, bytes)) !== false;
  }

  /** Nothing more of it comes. Safe at any time. */
  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#room?.release();
    if (reader !== undefined) await this.#record(await reader.abort('client'));
  }

  #open(demands: ResponseDemands, status: number, headers: RawRequest['headers']): AnswerReader {
    const { snapshot, ai, rpc_id, receipt } = this.#allowed;
    return this.#deps.inspector.response({
      ...{ demands, status, headers, receipt_id: receipt.id },
      schemaOf: (hash) => snapshot.policy.schemaOf(hash),
      ...(ai === undefined ? {} : { ai }),
      ...(rpc_id === undefined ? {} : { rpc_id }),
    });
  }

  async #refuse(reader: AnswerReader): Promise<Begun> {
    await this.#record(await reader.feed(NOTHING, true));
    return { way: 'refused', denial: this.#denial('RESPONSE_BLOCKED') };
  }

  /** In place of the answer of a request that was allowed and sent. */
  #denial(reason: ReasonCode): DenialAnswer {
    const { call, receipt } = this.#allowed;
    return { ...unrecordedDenial(call, reason), receipt };
  }

  async #record(step: ReadStep): Promise<void> {
    const isOver = await recordStep(this.#deps, this.#allowed.receipt.id, step);
    if (!isOver) return;
    this.#reader = undefined;
    this.#room?.release();
  }
}

function roomFor(headers: RawRequest['headers'], { max_bytes }: ResponseDemands): number {
  return Math.min(announcedLength(headers) ?? max_bytes, max_bytes, BUFFER_BYTES_MAX);
}
