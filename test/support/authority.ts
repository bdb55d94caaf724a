import { createRoot } from '../../src/pki/root.ts';
import type { Authority } from '../../src/pki/signer.ts';

/** A root of our own, as the store would keep it. */
export async function ownRoot(now_ms = Date.now(), permitted: readonly string[] = []): Promise<Authority> {
  const { certificatePem, keyPem } = await createRoot({ installation: 'test.local', now_ms, permitted });
  return { chainPem: certificatePem, keyPem };
}
