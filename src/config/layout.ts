import { join } from 'node:path';

/** Where each thing lives below the state folder, for so many gateways. The one home of these names. */
export function layoutOf(stateDir: string, socketsDir: string, gateways = 1) {
  const at = (...parts: string[]) => join(stateDir, ...parts);
  return {
    state_dir: stateDir,
    policy: at('policy.yaml'),
    registry: at('registry.json'),
    /** The last good bundle and the highest accepted version of signed policy. */
    policy_dir: at('policy'),
    keys_dir: at('keys'),
    /** Shared secret of Envoy's stamp guard and the gateway, hex; 0600. */
    stamp: at('keys', 'stamp'),
    journal_dir: at('journal'),
    journal_lock: at('journal', 'lock'),
    quarantine_dir: at('journal', 'quarantine'),
    ledger_dir: at('ledger'),
    checkpoints_dir: at('checkpoints'),
    /** A head that a gateway reported and that this journal does not hold: refuses every start until it is settled. */
    reported_head: at('checkpoints', 'reported.json'),
    /** `restored/<log_id>/`: logs that `recorder restore-accept` set aside. */
    restored_dir: at('restored'),
    /** `artifacts/sha256/<hex>`: policy and registry documents by digest. */
    artifacts_dir: at('artifacts', 'sha256'),
    /** `envoy/<epoch>/` holds envoy.json, access.log and, once that Envoy has exited, the marker `ended`. */
    envoy_dir: at('envoy'),
    ca_dir: at('ca'),
    /** What agents trust: public roots, the demo CA, and every authority of interception. */
    ca_bundle: at('ca', 'bundle.pem'),
    /** What Envoy trusts of destinations: the same without our own authorities, which vouch for nobody out there. */
    upstream_bundle: at('ca', 'upstream.pem'),
    /** CA files and the Java key store that `env` and `trust install` name to clients. */
    clients_dir: at('clients'),
    run_dir: at('run'),
    endpoints: at('run', 'endpoints.json'),
    demo_credentials: at('run', 'demo-credentials.json'),
    public_keys: at('run', 'public-keys.json'),
    authz_socket: join(socketsDir, 'authz.sock'),
    /** One per gateway, in order: authz.sock, authz-2.sock, … */
    authz_sockets: numbered(gateways).map((n) => join(socketsDir, numberedName('authz', n))),
    /** Where each gateway's relay takes WebSocket upgrades (HTTP/1.1), in order: relay.sock, relay-2.sock, … */
    relay_sockets: numbered(gateways).map((n) => join(socketsDir, numberedName('relay', n))),
    /** Where each gateway's relay takes gRPC calls (HTTP/2 with prior knowledge), in the same order. */
    relay_h2_sockets: numbered(gateways).map((n) => join(socketsDir, numberedName('relay-h2', n))),
    /** Envoy's listener for the relays' second hop; 0600. */
    relay_out_socket: join(socketsDir, 'relay-out.sock'),
    /** Gateways reach a recorder in its own process here; framed, see recorder/remote. */
    recorder_socket: join(socketsDir, 'recorder.sock'),
    envoy_admin_socket: join(socketsDir, 'envoy-admin.sock'),
    /** HTTP over a Unix socket of whoever holds the recorder: GET /status, POST /checkpoint, POST /drain. */
    gateway_socket: join(socketsDir, 'gateway.sock'),
    /** The same of each gateway that has the recorder elsewhere; no checkpoint. */
    gateway_sockets: numbered(gateways).map((n) => join(socketsDir, `gateway-${n}.sock`)),
  };
}

function numberedName(name: string, n: number): string {
  return n === 1 ? `${name}.sock` : `${name}-${n}.sock`;
}

function numbered(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

export type Layout = ReturnType<typeof layoutOf>;
