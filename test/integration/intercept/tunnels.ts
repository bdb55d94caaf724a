import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EnvoyConfigInput } from '../../../src/intercept/config/input.ts';
import type { Message } from '../../../src/intercept/config/typed.ts';
import type { SecretSource } from '../../../src/server/sds/ports.ts';
import { newAuthority } from '../../support/pki.ts';
import { type Gateway, startGateway } from './gateway.ts';
import type { Way } from './in_tunnel.ts';
import { type Names, startNames } from './names.ts';
import { startTlsUpstream, type TlsUpstream } from './tls_upstream.ts';

export interface World {
  readonly upstream: TlsUpstream;
  /** Of the destination, as `api.example`. */
  readonly authority: string;
  /** What clients of opened tunnels trust. */
  readonly interceptCa: string;
  /** What clients of opaque tunnels, and Envoy, trust. */
  readonly upstreamCa: string;
  /** Names that a certificate was asked for. */
  readonly asked: readonly string[];
  /** Names that Envoy resolved. */
  readonly resolved: ReadonlySet<string>;
  /** A further Envoy with a scripted gateway of its own; ended with the world. */
  start(edit?: (config: Message) => Message, input?: Partial<EnvoyConfigInput>): Promise<Gateway>;
  /** Through such a tunnel of this gateway to `authority`. */
  way(gateway: Gateway, wish: 'intercept' | 'passthrough', members?: Partial<Way>): Way;
  close(): Promise<void>;
}

export interface Tunnels extends World {
  readonly gateway: Gateway;
}

/** Destination, names, and certificates for `api.example`, `other.example` and `private.example`; all else is refused. */
export async function startWorld(): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'cg-tunnels-'));
  const [ours, theirs] = [newAuthority(), newAuthority()];
  const ca_bundle = join(dir, 'ca.pem');
  writeFileSync(ca_bundle, theirs.ca);
  const names: Names = await startNames();
  const upstream = await startTlsUpstream(theirs);
  const asked: string[] = [];
  const leaves = new Map(
    ['api.example', 'other.example', 'private.example'].map((name) => [name, ours.issue(name, 'serverAuth')]),
  );
  const secrets: SecretSource = {
    async secretFor(name) {
      asked.push(name);
      // A gateway that does not answer.
      if (name === 'silent.example') return new Promise(() => undefined);
      const leaf = leaves.get(name);
      if (leaf === undefined) return { ok: false, problem: 'NAME_REFUSED' };
      const value = {
        cert_chain_pem: leaf.cert,
        private_key_pem: leaf.key,
        expires_ms: Date.now() + 3_600_000,
      };
      return { ok: true, value };
    },
  };
  const authority = `api.example:${upstream.port}`;
  const gateways: Gateway[] = [];
  return {
    upstream,
    authority,
    asked,
    resolved: names.resolved,
    interceptCa: ours.ca,
    upstreamCa: theirs.ca,
    async start(edit = (config) => config, input = {}) {
      const gateway = await startGateway({
        input: { ca_bundle, ...input },
        secrets,
        edit: (config) => edit(names.use(config)),
      });
      gateways.push(gateway);
      return gateway;
    },
    way: ({ explicit: port }, wish, members) => ({
      ...{ port, authority, wish, ca: (wish === 'intercept' ? ours : theirs).ca },
      ...members,
    }),
    async close() {
      for (const gateway of gateways) await gateway.stop();
      await upstream.close();
      names.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The same, with one Envoy as the product configures it. */
export async function startTunnels(): Promise<Tunnels> {
  const world = await startWorld();
  try {
    return { ...world, gateway: await world.start() };
  } catch (error) {
    await world.close();
    throw error;
  }
}
