import type { webcrypto } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { issueLeaf, type Leaf, type LeafName } from './leaf.ts';
import { type Authority, openSigner, type Signer } from './signer.ts';
import { newKeys } from './x509.ts';

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
  const orders: MintOrder[] = [];
  const keys: webcrypto.CryptoKeyPair[] = [];
  let signer: Signer | undefined;
  let working = false;
  const obey = async (order: MintOrder): Promise<void> => {
    if (order.kind === 'authority') {
      signer = await openSigner(order.authority);
      return;
    }
    if (signer === undefined) throw new Error('invariant: asked for a leaf before there was an authority');
    const leaf = await issueLeaf(signer, keys.pop() ?? (await newKeys()), order.name, order.now_ms);
    port.postMessage({ id: order.id, leaf } satisfies MintAnswer);
  };
  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    for (;;) {
      const order = orders.shift();
      if (order !== undefined) await obey(order);
      else if (keys.length < KEYS_READY) keys.push(await newKeys());
      else break;
      // A turn for messages: orders go before further keys.
      await new Promise((resolve) => setImmediate(resolve));
    }
    working = false;
  };
  port.on('message', (order: MintOrder) => {
    orders.push(order);
    void work();
  });
}

if (parentPort !== null) serve(parentPort);
