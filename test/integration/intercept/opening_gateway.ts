import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Issued, newAuthority } from '../../support/pki.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { startNames } from './names.ts';

/** An Envoy that opens TLS for `api.example`, and what its clients and its destination need for that name. */
export interface OpeningGateway {
  readonly gateway: Gateway;
  /** What clients of opened tunnels trust. */
  readonly interceptCa: string;
  /** For the destination; Envoy trusts it. */
  readonly destination: Issued;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;

export async function startOpeningGateway(): Promise<OpeningGateway> {
  const dir = mkdtempSync(join(tmpdir(), 'cg-opening-'));
  const [ours, theirs] = [newAuthority(), newAuthority()];
  const ca_bundle = join(dir, 'ca.pem');
  writeFileSync(ca_bundle, theirs.ca);
  const leaf = ours.issue('api.example', 'serverAuth');
  const names = await startNames();
  const gateway = await startGateway({
    input: { ca_bundle },
    edit: names.use,
    secrets: {
      secretFor: async () => ({
        ok: true,
        value: { cert_chain_pem: leaf.cert, private_key_pem: leaf.key, expires_ms: Date.now() + HOUR_MS },
      }),
    },
  });
  return {
    ...{ gateway, interceptCa: ours.ca, destination: theirs.issue('api.example', 'serverAuth') },
    async close() {
      await gateway.stop();
      await names.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
