/** An allow that still waits for its outcome. */
export interface OpenDecision {
  readonly receipt_id: string;
  readonly request_id: string;
  readonly envoy_epoch: string;
  readonly ledger_ms: number;
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly run_label?: string;
}

/** Allowed decisions without an outcome, in the order they were decided, found by receipt id or by request id. */
export class OpenDecisions {
  readonly #by_receipt = new Map<string, OpenDecision>();
  readonly #by_request = new Map<string, OpenDecision>();

  get size(): number {
    return this.#by_receipt.size;
  }

  open(decision: OpenDecision): void {
    this.#by_receipt.set(decision.receipt_id, decision);
    this.#by_request.set(decision.request_id, decision);
  }

  /** By receipt id when there is one; a receipt id that is not open finds nothing, whatever the request id says. */
  find(receipt_id: string | undefined, request_id: string): OpenDecision | undefined {
    return receipt_id === undefined ? this.#by_request.get(request_id) : this.#by_receipt.get(receipt_id);
  }

  close(receipt_id: string): void {
    const decision = this.#by_receipt.get(receipt_id);
    if (decision === undefined) return;
    this.#by_receipt.delete(receipt_id);
    // A client may repeat an x-request-id: the index then already points to the younger decision.
    if (this.#by_request.get(decision.request_id) === decision) this.#by_request.delete(decision.request_id);
  }

  /** Oldest first. */
  values(): IterableIterator<OpenDecision> {
    return this.#by_receipt.values();
  }
}
