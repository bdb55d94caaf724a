import type { PriceTable } from '../core/ai/prices.ts';
import { type CompiledSchema, compileSchema } from '../core/schema/compile_schema.ts';
import { openAnswer } from './answers.ts';
import type { NamedSchema, Opening, Order, Outcome, ToThread } from './protocol.ts';
import { type Desk, readRequest } from './read_request.ts';
import type { StatefulReader } from './stateful.ts';
import { StreamedRequest } from './streamed_request.ts';

/** Everything that a thread does, without the thread: messages in, outcomes out. */
export class DeskWork {
  readonly #schemas = new Map<string, CompiledSchema>();
  readonly #readers = new Map<number, StatefulReader>();
  readonly #desk: Desk;

  constructor(prices: PriceTable) {
    this.#desk = { prices, schemaOf: (hash) => this.#schemas.get(hash) };
  }

  /** The outcome of an order; nothing for everything else. */
  take(message: ToThread): Outcome | undefined {
    if (message.kind === 'order') return this.#outcome(message.order);
    if (message.kind === 'schemas') this.#learn(message.add, message.forget);
    else if (message.kind === 'close') this.#readers.delete(message.reader);
    else this.#open(message.reader, message.opening);
    return undefined;
  }

  /** A schema was compiled when its policy was loaded; one that is not taken here is one that is not at hand. */
  #learn(add: readonly NamedSchema[], forget: boolean): void {
    if (forget) this.#schemas.clear();
    for (const { schema_hash, draft, text } of add) {
      const compiled = compileSchema(draft, text);
      if (compiled.ok) this.#schemas.set(schema_hash, compiled.value);
    }
  }

  /** What cannot be opened is not there when it is fed, which is an answer. */
  #open(id: number, opening: Opening): void {
    try {
      this.#readers.set(id, this.#readerFor(opening));
    } catch {
      this.#readers.delete(id);
    }
  }

  #readerFor(opening: Opening): StatefulReader {
    return opening.kind === 'answer'
      ? openAnswer(opening.job, this.#desk)
      : new StreamedRequest(opening.job, this.#desk.schemaOf);
  }

  #outcome(order: Order): Outcome {
    try {
      if (order.kind === 'request') return { kind: 'finding', finding: readRequest(order.job, this.#desk) };
      return this.#step(order);
    } catch (error) {
      if (order.kind !== 'request') this.#readers.delete(order.reader);
      return { kind: 'failed', why: error instanceof Error ? error.name : 'unknown' };
    }
  }

  #step(order: Exclude<Order, { kind: 'request' }>): Outcome {
    const reader = this.#readers.get(order.reader);
    if (reader === undefined) return { kind: 'failed', why: 'no such reader' };
    const step =
      order.kind === 'feed'
        ? reader.feed(order.chunk, order.isLast, order.isCrowded)
        : reader.abort(order.by);
    if (order.kind === 'abort' || order.isLast || step.end !== undefined) this.#readers.delete(order.reader);
    return { kind: 'step', step };
  }
}
