/**
 * Every setting of one run, frozen, with paths absolute and defaults filled in.
 * `load.ts` builds it from defaults, `clawgress.yaml`, `CLAWGRESS_*` variables and argv, in rising precedence;
 * it is the only reader of the process environment.
 */
export interface Settings {
  /** Folder of everything that persists; 0700. */
  readonly state_dir: string;
  /** Folder of the Unix sockets; inside the state folder unless that path is too long for a socket address. */
  readonly sockets_dir: string;
  /** Name in every record and in the checkpoint origin, for instance `clawgress.local`. */
  readonly issuer: string;
  readonly explicit_proxy: ListenerSettings;
  readonly base_url: ListenerSettings;
  readonly metrics: { readonly address: string; readonly port: number };
  readonly policy: PolicySettings;
  readonly registry_file: string;
  /** Gateway processes on this host, 1 to 8. With one, the recorder runs inside it. */
  readonly gateways: number;
  /** Gateways are called `<name>-1`, `<name>-2`, … in receipts; over mutual TLS their certificate bears the name. */
  readonly gateway_name: string;
  readonly jwt_issuers: readonly JwtIssuerSettings[];
  /** Environments whose agents may go on while the keys of their token issuer cannot be refreshed; all others fail closed. */
  readonly fail_mode: { readonly open_environments: readonly string[] };
  readonly recorder: RecorderSettings;
  readonly envoy: { readonly bin?: string; readonly concurrency: number; readonly node_id: string };
  /** What one source may send to Envoy before requests are refused without a decision. */
  readonly flood_guard: FloodGuardSettings;
  /** Which agents the firewall rules of this host hold (`clawgress intercept nftables`). */
  readonly interception_host: InterceptionHostSettings;
  /** Listeners for connections that agents did not send to us on purpose. */
  readonly transparent: TransparentSettings;
  /** The agents' DNS resolver. */
  readonly resolver: ResolverSettings;
  readonly tracing: {
    /** OTLP/HTTP collector; absent: no spans. */
    readonly otlp_endpoint?: string;
    readonly sample_percent: number;
  };
  readonly upstream: {
    /** CIDRs inside the refused ranges that are let through all the same. */
    readonly allow_cidrs: readonly string[];
    /** PEM bundle that upstream certificates must chain to. */
    readonly ca_bundle: string;
  };
  readonly interception: {
    /** Leaves that one Envoy may hold. */
    readonly leaf_cache_max: number;
    /** Name constraints of roots made from now on: these names and what is below them; empty: any name. */
    readonly permitted_names: readonly string[];
  };
  readonly inspect: {
    /** Of bodies and answers that are held at one time, by all gateways of the host. */
    readonly bytes_max: number;
    /** Threads of each gateway that look at them. */
    readonly workers: number;
  };
  readonly ai: {
    /** List of prices in place of that of this release, and the SHA-256 that it must have, hex. */
    readonly prices?: PricesSettings;
  };
  readonly demo: DemoSettings;
  /** Envoy's time-out for one Check. */
  readonly check_timeout_ms: number;
  readonly log_level: 'debug' | 'info' | 'warn' | 'error';
}

export interface PolicySettings {
  /** `local`: `file` is read. `signed`: `bundle` is read and must verify against `keys`. */
  readonly trust: 'local' | 'signed';
  readonly file: string;
  readonly bundle: string;
  /** Trust file that lists the policy keys. */
  readonly keys: string;
  /** What happens when the signed policy in force is no longer vouched for: deny everything, or go on and say so. */
  readonly stale: 'deny' | 'loud';
  /** A second document that is only compared; `local` alone, a bundle carries its own. */
  readonly shadow_file?: string;
}

export interface FloodGuardSettings {
  readonly enabled: boolean;
  readonly requests_per_second: number;
  /** Requests that may come at once. */
  readonly burst: number;
}

/** Lists are text as written; the renderer of the rules parses them strictly. */
export interface InterceptionHostSettings {
  /** User ids of agents on this host: `2001`, `2001-2010`. */
  readonly agent_uids: readonly string[];
  readonly agent_gids: readonly string[];
  /** Interfaces of this host behind which agents are. */
  readonly agent_interfaces: readonly string[];
  readonly agent_cidrs: readonly string[];
  /** Destinations beside the gateway: `tcp:10.1.2.3:5432`. */
  readonly allow: readonly string[];
  /** Who runs the gateway; absent: the owner of the state folder. */
  readonly gateway_uid?: number;
  readonly log_denied: boolean;
}

/** Each absent listener is off; all are on loopback. */
export interface TransparentSettings {
  /** For agents on this host without a listener of their own; nobody is known before a header names them. */
  readonly redirect_port?: number;
  /** One listener per user id: whoever arrives there is that user. */
  readonly uid_listeners: readonly { readonly uid: number; readonly port: number }[];
  /** For routed agents, whose address is kept. */
  readonly tproxy_port?: number;
  /** `source`: the address names the agent (`clawgress agent bind --cidr`); `header`: as with `redirect_port`. */
  readonly tproxy_identity: 'source' | 'header';
}

export interface ResolverSettings {
  /** Absent: off. */
  readonly port?: number;
  readonly address: string;
  /** Networks of the synthetic answers. */
  readonly ipv4_block: string;
  readonly ipv6_block: string;
}

export interface ListenerSettings {
  readonly address: string;
  readonly port: number;
  /** Required to bind a plaintext listener to anything but loopback. */
  readonly allow_plaintext: boolean;
}

export interface JwtIssuerSettings {
  /** Exact `iss`. */
  readonly issuer: string;
  /** Accepted `aud` values. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  /** `file:` path or `https:` URL of the JWKS. */
  readonly jwks: string;
  /** The tenant that this issuer's tokens belong to; a claim never chooses another. */
  readonly tenant_id: string;
  /** Agent ids this issuer may speak for; the registry maps (issuer, subject) to the agent. */
  readonly allowed_agents: readonly string[];
  readonly leeway_s: number;
  readonly max_lifetime_s: number;
  readonly jwks_max_age_s: number;
  /** Claim that carries the run label, when tokens have one. */
  readonly run_claim?: string;
}

export interface RecorderSettings {
  readonly segment_max_bytes: number;
  readonly segment_max_age_s: number;
  readonly checkpoint_interval_ms: number;
  readonly checkpoint_every: number;
  readonly heartbeat_s: number;
  /** Proposals waiting for a commit; beyond: RECORDER_BUSY. */
  readonly queue_max: number;
  /** Distinct bucket keys per tenant; beyond: LIMIT_KEYS. */
  readonly limit_keys_max: number;
  /** Denials per second of one reason and one agent or source that are written one by one; the rest is counted. */
  readonly denials_per_second: number;
  /** Pack segments as gzip after they are sealed. */
  readonly compress_segments: boolean;
  /** Remove sealed segments whose newest record is older; 0: keep all. */
  readonly retention_days: number;
  /** Remove the oldest sealed segments beyond this size of the journal on disk; 0: no bound. */
  readonly journal_max_bytes: number;
  /** With less free space decisions are refused: RECORDER_DISK_FULL; 0: no bound. */
  readonly min_free_bytes: number;
  /** Accept tmpfs, overlay and network file systems. */
  readonly allow_unsafe_storage: boolean;
  /** File on other storage that keeps the newest checkpoint, so that a rolled back state folder is noticed. */
  readonly heads_file?: string;
  /** Serve gateways of other hosts here. */
  readonly listen?: RecorderListenSettings;
  /** The recorder runs on another host; this one has gateways only. */
  readonly remote?: RecorderRemoteSettings;
}

/** Paths of PEM files. */
export interface RecorderListenSettings {
  readonly address: string;
  readonly port: number;
  readonly cert: string;
  readonly key: string;
  readonly client_ca: string;
  /** DNS names of client certificates; each is a `gateway_name`. */
  readonly client_names: readonly string[];
}

/** Paths of PEM files. */
export interface RecorderRemoteSettings {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** DNS name in the recorder's certificate. */
  readonly server_name: string;
}

export interface DemoSettings {
  readonly enabled: boolean;
  /** Loopback address of the demo upstream; its own, so that letting it through lets nothing else through. */
  readonly address: string;
  readonly http_port: number;
  readonly https_port: number;
}

export interface PricesSettings {
  readonly file: string;
  readonly digest: string;
}
