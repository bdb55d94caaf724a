import { join } from 'node:path';

/** Where each thing lives below the state folder. The one home of these names. */
export function layoutOf(stateDir: string, socketsDir: string) {
  const at = (...parts: string[]) => join(stateDir, ...parts);
  return {
    state_dir: stateDir,
    policy: at('policy.yaml'),
    registry: at('registry.json'),
    keys_dir: at('keys'),
    /** Shared secret of Envoy's stamp guard and the gateway, hex; 0600. */
    stamp: at('keys', 'stamp'),
    journal_dir: at('journal'),
    journal_lock: at('journal', 'lock'),
    quarantine_dir: at('journal', 'quarantine'),
    ledger_dir: at('ledger'),
    checkpoints_dir: at('checkpoints'),
    /** `artifacts/sha256/<hex>`: policy and registry documents by digest. */
    artifacts_dir: at('artifacts', 'sha256'),
    /** `envoy/<epoch>/` holds envoy.json, access.log and, once that Envoy has exited, the marker `ended`. */
    envoy_dir: at('envoy'),
    ca_dir: at('ca'),
    ca_bundle: at('ca', 'bundle.pem'),
    run_dir: at('run'),
    endpoints: at('run', 'endpoints.json'),
    demo_credentials: at('run', 'demo-credentials.json'),
    public_keys: at('run', 'public-keys.json'),
    authz_socket: join(socketsDir, 'authz.sock'),
    envoy_admin_socket: join(socketsDir, 'envoy-admin.sock'),
    /** HTTP over a Unix socket: GET /status, POST /checkpoint, POST /drain. */
    gateway_socket: join(socketsDir, 'gateway.sock'),
  };
}

export type Layout = ReturnType<typeof layoutOf>;
