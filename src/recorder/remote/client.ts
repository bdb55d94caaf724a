import { assertOps } from '../../core/ledger/op_bounds.ts';
import type { LedgerOp } from '../../core/ledger/operation.ts';
import type { QuotaState } from '../../core/ledger/quota.ts';
import { RECORD_CAPS } from '../../core/receipt/common_fields.ts';
import type { ReceiptAsk, ToldReceipt } from '../../core/receipt/recent_receipts.ts';
import type { Members } from '../../core/receipt/shape.ts';
import { fail, type Result } from '../../core/result.ts';
import type { AppendProblem, AppendResult, FoldedDenial, Proposal } from '../../core/verdict/proposal.ts';
import type { InspectionNotice, OutcomeNotice } from '../notices.ts';
import type { Recorder } from '../recorder.ts';
import type { ClientOptions } from './client_options.ts';
import { Link, LinkError } from './link.ts';
import { ASK, PROTOCOL, parseBody } from './protocol.ts';
import { QUOTAS, WHY } from './self_tables.ts';
import {
  APPEND_FOLDED,
  APPEND_OK,
  APPEND_PROBLEM,
  CHECKPOINT,
  COUNT,
  DECIDED,
  type Hello,
  type KnownHead,
  NOTHING,
  OFFSET,
  PEER_STATUS,
  type PeerStatus,
} from './tables.ts';

const CONNECT_MS = 5_000;
const STATUS_EVERY_MS = 1_000;
const STATUS_DEADLINE_MS = 3_000;
/** For what rides other commits, or takes its time: outcomes, sweeps, checkpoints, a policy to compile. */
const PATIENT_MS = 30_000;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;

/**
 * A recorder in another process, behind the same port. `append` never waits for a reconnection and never makes up an
 * answer: without a live connection, at its loss and at the deadline it is `RECORDER_UNAVAILABLE`. The record may stand
 * all the same; a repeated Check finds it by its request key. Everything else is repeated until it is through.
 */
export class RecorderClient {
  readonly #options: ClientOptions;
  #link: Link | undefined;
  /** Connected, or on its way to. */
  #trying: Link | undefined;
  #status: PeerStatus | undefined;
  #lastHead: KnownHead | undefined;
  #failures = 0;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;
  readonly #poll: NodeJS.Timeout;
  #waiters: (() => void)[] = [];

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#poll = setInterval(() => this.#ping(), STATUS_EVERY_MS).unref();
    this.#connect();
  }

  /** A connection stands, and the recorder behind it records. */
  get reachable(): boolean {
    return this.#link !== undefined && this.#status?.phase === 'running';
  }

  /** Of a second ago at most, while reachable; what was heard last, otherwise. */
  get lastStatus(): PeerStatus | undefined {
    return this.#status;
  }

  /** Resolves once a recorder answers. */
  async whenReachable(): Promise<void> {
    while (!this.reachable && !this.#stopped) await this.#nextLink();
  }

  async append(proposal: Proposal): Promise<Result<AppendResult, AppendProblem | FoldedDenial>> {
    assertOps(proposal.ops, RECORD_CAPS);
    const link = this.#link;
    if (link === undefined) return fail('RECORDER_UNAVAILABLE');
    try {
      const answer = await link.ask(ASK.append, proposal, this.#options.deadline_ms);
      return this.#appendAnswer(link, answer);
    } catch (error) {
      return fail(problemOf(error));
    }
  }

  async close(notice: OutcomeNotice): Promise<void> {
    await this.#persist(ASK.close, notice, NOTHING);
  }

  /** An end is repeated until it stands: the recorder knows it again. */
  async inspect(notice: InspectionNotice): Promise<void> {
    await this.#persist(ASK.inspect, notice, NOTHING);
  }

  async sweep(envoy_epoch: string): Promise<number> {
    return (await this.#persist<{ count: number }>(ASK.sweep, { envoy_epoch }, COUNT)).count;
  }

  /** The record names the end of what it counts, so one that comes again after a lost connection is left out. */
  async recordGap(gap: Parameters<Recorder['recordGap']>[0]): Promise<void> {
    await this.#persist(ASK.gap, gap, NOTHING);
  }

  async gapPosition(file_id: string): Promise<number> {
    return (await this.#persist<{ offset: number }>(ASK.gapPosition, { file_id }, OFFSET)).offset;
  }

  async decided(request_id: string): Promise<boolean> {
    return (await this.#persist<{ decided: boolean }>(ASK.decided, { request_id }, DECIDED)).decided;
  }

  async logPosition(file_id: string): Promise<number> {
    return (await this.#persist<{ offset: number }>(ASK.logPosition, { file_id }, OFFSET)).offset;
  }

  /** Rejects when the recorder cannot be reached: what is left is for now. */
  async quota(ops: readonly LedgerOp[]): Promise<readonly QuotaState[]> {
    const { deadline_ms } = this.#options;
    const told = { ops };
    return (await this.#ask<{ states: QuotaState[] }>(this.#liveLink(), ASK.quota, told, QUOTAS, deadline_ms))
      .states;
  }

  /** Rejects when the recorder cannot be reached. */
  async why(ask: ReceiptAsk): Promise<ToldReceipt | undefined> {
    const { deadline_ms } = this.#options;
    return (await this.#ask<{ receipt?: ToldReceipt }>(this.#liveLink(), ASK.why, ask, WHY, deadline_ms))
      .receipt;
  }

  /** A signed tree head. Rejects when the recorder cannot be reached: a checkpoint is for now. */
  async checkpoint(): Promise<{ size: number; root: string; note: string }> {
    return await this.#ask(this.#liveLink(), ASK.checkpoint, {}, CHECKPOINT, PATIENT_MS);
  }

  /** Has the recorder look at its policy now; what is live then. Rejects when it cannot be reached. */
  async sync(): Promise<PeerStatus> {
    this.#status = await this.#ask<PeerStatus>(this.#liveLink(), ASK.sync, {}, PEER_STATUS, PATIENT_MS);
    return this.#status;
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#poll);
    clearTimeout(this.#retry);
    this.#trying?.destroy('stopped');
    this.#wake();
  }

  #appendAnswer(link: Link, body: Uint8Array): Result<AppendResult, AppendProblem | FoldedDenial> {
    const recorded = parseBody<{ ok: true; value: AppendResult }>(APPEND_OK, body);
    if (recorded.ok) {
      this.#noteHead(recorded.value.value);
      return recorded.value;
    }
    const problem = parseBody<{ ok: false; problem: AppendProblem }>(APPEND_PROBLEM, body);
    if (problem.ok) return problem.value;
    const folded = parseBody<{ ok: false; problem: FoldedDenial }>(APPEND_FOLDED, body);
    if (folded.ok) return folded.value;
    link.destroy('the recorder sent an answer that is none');
    return fail('RECORDER_UNAVAILABLE');
  }

  #noteHead({ seq, line_hash }: AppendResult): void {
    const log_id = this.#status?.log_id;
    if (log_id === undefined || (this.#lastHead?.log_id === log_id && this.#lastHead.seq >= seq)) return;
    this.#lastHead = { log_id, seq, line_hash };
  }

  async #ask<T>(link: Link, kind: number, value: object, table: Members, deadlineMs: number): Promise<T> {
    const parsed = parseBody<T>(table, await link.ask(kind, value, deadlineMs));
    if (parsed.ok) return parsed.value;
    link.destroy('the recorder sent an answer that is none');
    throw new LinkError('lost', 'the recorder sent an answer that is none');
  }

  /** Repeats across lost connections; what it is used for has no further effect the second time. */
  async #persist<T>(kind: number, value: object, table: Members): Promise<T> {
    for (;;) {
      const link = this.#link;
      if (this.#stopped) throw new LinkError('lost', 'the connection to the recorder was closed');
      // One that is over refuses at once: to ask it again would leave the turn no end, in which it could be replaced.
      if (link === undefined || link.isOver) {
        await this.#nextLink();
        continue;
      }
      try {
        return await this.#ask<T>(link, kind, value, table, PATIENT_MS);
      } catch (error) {
        if (!(error instanceof LinkError) || error.problem === 'refused' || error.problem === 'too_large')
          throw error;
        if (error.problem === 'busy') await new Promise((resolve) => setTimeout(resolve, RETRY_FIRST_MS));
      }
    }
  }

  #liveLink(): Link {
    if (this.#link === undefined) throw new LinkError('lost', 'the recorder cannot be reached');
    return this.#link;
  }

  #connect(): void {
    if (this.#stopped) return;
    try {
      const { socket, ready } = this.#options.dial();
      const late = setTimeout(() => link.destroy('no connection in time'), CONNECT_MS);
      const link = new Link(socket, (why) => {
        clearTimeout(late);
        this.#lost(link, why);
      });
      this.#trying = link;
      socket.once(ready, () => {
        this.#greet(link).then(
          () => clearTimeout(late),
          (error: unknown) => link.destroy(error instanceof Error ? error.message : 'no greeting'),
        );
      });
    } catch (error) {
      this.#retryLater(error instanceof Error ? error.message : String(error));
    }
  }

  async #greet(link: Link): Promise<void> {
    const { gateway_id, log } = this.#options;
    const last_head = this.#lastHead;
    const hello: Hello = {
      protocol: PROTOCOL,
      gateway_id,
      ...(last_head === undefined ? {} : { last_head }),
    };
    this.#status = await this.#ask<PeerStatus>(link, ASK.hello, hello, PEER_STATUS, CONNECT_MS);
    this.#link = link;
    if (this.#failures > 0) log.info({}, 'the recorder is reached again');
    this.#failures = 0;
    this.#tell();
    this.#wake();
  }

  #lost(link: Link, why: string): void {
    if (this.#link === link) this.#link = undefined;
    this.#tell();
    this.#retryLater(why);
  }

  #retryLater(why: string): void {
    if (this.#stopped) return;
    // The first time only: a recorder that stays away would fill the log.
    if (this.#failures === 0)
      this.#options.log.warn({ cause: why }, 'the recorder cannot be reached; trying again');
    const longest = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.#failures, 10));
    // Spread: all gateways of all hosts lose their recorder at the same moment.
    const pause = longest * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  /** A recorder that hangs keeps its connection; only asking tells. */
  #ping(): void {
    const link = this.#link;
    if (link === undefined) return;
    this.#ask<PeerStatus>(link, ASK.status, {}, PEER_STATUS, STATUS_DEADLINE_MS).then(
      (status) => {
        this.#status = status;
        this.#tell();
      },
      (error: unknown) => {
        if (error instanceof LinkError && error.problem === 'late')
          link.destroy('the recorder does not answer');
      },
    );
  }

  #tell(): void {
    this.#options.changed?.(this.reachable);
  }

  #nextLink(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}

function problemOf(error: unknown): AppendProblem {
  if (!(error instanceof LinkError)) throw error;
  if (error.problem === 'busy') return 'RECORDER_BUSY';
  return error.problem === 'too_large' ? 'RECORD_TOO_LARGE' : 'RECORDER_UNAVAILABLE';
}
