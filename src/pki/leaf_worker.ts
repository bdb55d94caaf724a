import { parentPort } from 'node:worker_threads';
import { issueLeaf, type Leaf, type LeafKey, type LeafName, newLeafKey } from './leaf.ts';
import { type Authority, openSigner, type Signer } from './signer.ts';

/** What the thread is told. An authority counts for everything that is asked after it. */
export type MintOrder =
  | { readonly kind: 'authority'; readonly authority: Authority }
  | { readonly kind: 'mint'; readonly id: number; readonly name: LeafName; readonly now_ms: number };

export interface MintAnswer {
  readonly id: number;
  readonly leaf: Leaf;
}

/** Key pairs made while nobody waits. */
const KEYS_READY = 64;

/** The only thing this thread does: one order after the other, and fresh keys in between. A fault ends the thread. */
function serve(port: NonNullable<typeof parentPort>): void {
  const keys: LeafKey[] = [];
  let signer: Signer | undefined;
  let refilling = false;
  /** One key for each turn of the loop, so that orders go before further keys. */
  const refill = (): void => {
    refilling = keys.length < KEYS_READY;
    if (!refilling) return;
    keys.push(newLeafKey());
    setImmediate(refill);
  };
  port.on('message', (order: MintOrder) => {
    if (order.kind === 'authority') signer = openSigner(order.authority);
    else if (signer === undefined)
      throw new Error('invariant: asked for a leaf before there was an authority');
    else {
      const leaf = issueLeaf(signer, keys.pop() ?? newLeafKey(), order.name, order.now_ms);
      port.postMessage({ id: order.id, leaf } satisfies MintAnswer);
    }
    if (!refilling) refill();
  });
}

if (parentPort !== null) serve(parentPort);
