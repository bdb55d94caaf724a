import type { DenialAnswer } from '../codec/answer.ts';
import type { ProcMessage } from '../codec/ext_proc_message.ts';
import { encodeProcDenial, encodeProceed, type ProcAnswer } from '../codec/ext_proc_reply.ts';
import { type AnswerPiece, AnswerSide } from './answer_side.ts';
import { type Act, type Happening, next, START, type Standing } from './conversation.ts';
import { BODY_MS, type InspectDependencies } from './dependencies.ts';
import { openPending } from './pending_ticket.ts';
import { type Decided, RequestSide } from './request_side.ts';

/** The Envoy that speaks. */
export interface ProcCaller {
  readonly node: string;
  readonly epoch: string;
}

/** Where replies go. */
export interface ProcWire {
  reply(bytes: Uint8Array): void;
  /** Ends it all by an error: Envoy lets nothing more go on. */
  fail(): void;
  /** The same, once Envoy has had time to hand on what was replied last: bytes and an error that come together may both be an error. */
  cut(): void;
  /** The body takes too long: `slow` is to be called in turn. */
  slow(): void;
}

const NOTHING = new Uint8Array();

/** One request on the inspecting route, from its headers to the end of its answer. One call at a time; none rejects. */
export class Exchange {
  readonly #deps: InspectDependencies;
  readonly #caller: ProcCaller;
  readonly #wire: ProcWire;
  #standing: Standing = START;
  #request: RequestSide | undefined;
  #answer: AnswerSide | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(deps: InspectDependencies, caller: ProcCaller, wire: ProcWire) {
    this.#deps = deps;
    this.#caller = caller;
    this.#wire = wire;
  }

  hear(message: ProcMessage): Promise<void> {
    const { kind, isLast } = message;
    const origin = message.kind === 'response_headers' ? { origin: message.origin } : {};
    return this.#go({ kind, isLast, ...origin }, message);
  }

  slow(): Promise<void> {
    return this.#go({ kind: 'slow' });
  }

  /** Whoever ended it, and however often it is said. */
  gone(): Promise<void> {
    return this.#go({ kind: 'gone' });
  }

  async #go(first: Happening, message?: ProcMessage): Promise<void> {
    let happening: Happening | undefined = first;
    while (happening !== undefined) {
      const { standing, act } = next(this.#standing, happening);
      this.#standing = standing;
      try {
        happening = await this.#do(act, message);
      } catch (err) {
        happening = this.#failClosed(err);
      }
    }
  }

  /** What came of it, where more follows from that. */
  async #do(act: Act, message?: ProcMessage): Promise<Happening | undefined> {
    switch (act) {
      case 'open':
        return await this.#open(message);
      case 'decide':
        return this.#decided(message, await this.#side().decide(bytesOf(message)));
      case 'decide_trailers':
        return this.#decided(message, await this.#side().decideTrailers(bytesOf(message)));
      case 'decide_too_large':
        return this.#tooLarge(message, await this.#side().decideTooLarge());
      case 'time_out':
        return this.#refuse(await this.#side().late());
      case 'read_request':
        return await this.#readRequest(message);
      case 'begin_answer':
        return await this.#beginAnswer(message);
      case 'read_answer':
        return await this.#readAnswer(message);
      case 'pass':
        return this.#proceed(message);
      case 'fail':
        this.#wire.fail();
        return { kind: 'gone' };
      case 'abandon':
        this.#rest();
        await this.#request?.late();
        return undefined;
      case 'close':
        this.#rest();
        await Promise.all([this.#request?.close(), this.#answer?.close()]);
        return undefined;
      default:
        return undefined;
    }
  }

  async #open(message: ProcMessage | undefined): Promise<Happening> {
    if (message?.kind !== 'request_headers') throw new Error('invariant: opened by no request');
    const { mac, clock } = this.#deps;
    const opened = openPending(message.pending ?? '', mac, { ...this.#caller, now_ms: clock.nowMs() });
    if (!opened.ok) throw new Error(`a request came without its ticket: ${opened.problem}`);
    this.#request = new RequestSide(this.#deps, opened.value, message);
    const { way } = this.#request;
    if (way === 'busy') return this.#decided(message, await this.#request.decide());
    if (way === 'streamed') return { kind: 'opened', way };
    if (way !== 'whole') return { kind: 'opened', way: 'at_once' };
    this.#patience = setTimeout(() => this.#wire.slow(), this.#deps.bodyMs ?? BODY_MS).unref();
    this.#proceed(message, { mode: { request: 'buffered', response: 'none' } });
    return { kind: 'opened', way };
  }

  #decided(message: ProcMessage | undefined, decided: Decided): Happening {
    this.#rest();
    if ('denial' in decided) return this.#refuse(decided.denial);
    this.#answer = new AnswerSide(this.#deps, decided.allowed);
    const { mode, ...reply } = decided.reply;
    // Envoy takes another mode with headers alone.
    this.#proceed(message, message?.kind === 'request_headers' ? decided.reply : reply);
    return { kind: 'decided', isAllowed: true };
  }

  /** Nothing can go on any more, whatever the rules say: then Envoy's own answer does. */
  #tooLarge(message: ProcMessage | undefined, decided: Decided): Happening {
    this.#rest();
    if ('denial' in decided) return this.#refuse(decided.denial);
    this.#proceed(message);
    return { kind: 'decided', isAllowed: false };
  }

  async #readRequest(message: ProcMessage | undefined): Promise<Happening | undefined> {
    const piece = await this.#side().read(bytesOf(message), message?.isLast === true);
    if ('denial' in piece) {
      this.#refuse(piece.denial);
      return { kind: 'cut' };
    }
    return this.#proceed(message, piece.reply);
  }

  async #beginAnswer(message: ProcMessage | undefined): Promise<Happening> {
    if (message?.kind !== 'response_headers') throw new Error('invariant: no answer began');
    const begun = await this.#allowedSide().begin(message, this.#standing.request === 'streaming');
    if (begun.way === 'refused') this.#refuse(begun.denial);
    else this.#proceed(message, begun.reply);
    return { kind: 'answered', way: begun.way };
  }

  async #readAnswer(message: ProcMessage | undefined): Promise<Happening | undefined> {
    const piece: AnswerPiece = await this.#allowedSide().read(bytesOf(message), message?.isLast === true);
    if (piece.end === 'blocked') {
      this.#refuse(piece.denial);
      return { kind: 'cut' };
    }
    // Behind the last bytes nothing can be put in.
    const isLost = message?.kind === 'response_trailers' && (piece.reply.body ?? NOTHING).length > 0;
    if (!isLost) this.#proceed(message, piece.reply);
    if (piece.end === 'goes_on' && !isLost) return undefined;
    // A graceful end would let the rest of the answer through unread; without a reply nothing more of it passes.
    this.#wire.cut();
    return { kind: 'gone' };
  }

  #proceed(message: ProcMessage | undefined, answer: Omit<ProcAnswer, 'to'> = {}): undefined {
    if (message === undefined) throw new Error('invariant: nothing to be answered');
    this.#wire.reply(encodeProceed({ to: message.kind, ...answer }));
  }

  #refuse(denial: DenialAnswer): Happening {
    this.#wire.reply(encodeProcDenial(denial));
    return { kind: 'decided', isAllowed: false };
  }

  /** Whatever nobody foresaw ends the request here; the cause stays in the log. */
  #failClosed(err: unknown): Happening {
    this.#deps.log.error({ err }, 'an inspection failed closed');
    this.#wire.fail();
    return { kind: 'gone' };
  }

  #rest(): void {
    clearTimeout(this.#patience);
  }

  #side(): RequestSide {
    if (this.#request === undefined) throw new Error('invariant: a body without its request');
    return this.#request;
  }

  #allowedSide(): AnswerSide {
    if (this.#answer === undefined) throw new Error('invariant: an answer to nothing that was allowed');
    return this.#answer;
  }
}

function bytesOf(message: ProcMessage | undefined): Uint8Array {
  return message !== undefined && 'body' in message ? message.body : NOTHING;
}
