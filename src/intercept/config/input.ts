import { isIPv4 } from 'node:net';
import type { Settings } from '../../config/settings.ts';
import { type TransparentListen, transparentListens } from './transparent_input.ts';

/** Everything the generated configuration depends on. The same input always gives the same bytes. */
export interface EnvoyConfigInput {
  readonly node_id: string;
  /** Names this run of Envoy in every Check, so that log lines and decisions join. */
  readonly epoch: string;
  /** Secret the gateway writes into the metadata of every answer; the guard lets nothing through without it. */
  readonly stamp: string;
  /** One Unix socket per gateway process, at least one. */
  readonly authz_sockets: readonly string[];
  readonly admin_socket: string;
  readonly access_log: string;
  /** Of the relays, as many as there are gateways: for upgrades, and for gRPC calls. */
  readonly relay_sockets: readonly string[];
  readonly relay_h2_sockets: readonly string[];
  /** Where relays send what they let through. Mode 0600. */
  readonly relay_out_socket: string;
  readonly explicit_proxy: Listen;
  readonly base_url: Listen;
  /** Listeners of redirected connections; none: off. */
  readonly transparent: readonly TransparentListen[];
  /** Nothing can listen on ::1. */
  readonly without_ipv6?: true;
  readonly allow_cidrs: readonly string[];
  /** PEM file that upstream certificates must chain to. */
  readonly ca_bundle: string;
  readonly check_timeout_ms: number;
  /** Absent: off. */
  readonly flood_guard?: FloodLimit;
  /** Absent: no spans. */
  readonly tracing?: TracingTarget;
}

/** What one source may send through one chain before it costs a Check. */
export interface FloodLimit {
  readonly requests_per_second: number;
  readonly burst: number;
}

export interface TracingTarget {
  /** `http:` or `https:` URL of an OTLP/HTTP collector; `/v1/traces` when it has no path. */
  readonly otlp_endpoint: string;
  /** Of the requests, 1 to 100. */
  readonly sample_percent: number;
}

export interface Listen {
  readonly address: string;
  readonly port: number;
}

/** What one start of Envoy adds to the settings. */
export interface EnvoyRun {
  readonly epoch: string;
  readonly stamp: string;
  readonly authz_sockets: readonly string[];
  readonly admin_socket: string;
  readonly access_log: string;
  readonly relay_sockets: readonly string[];
  readonly relay_h2_sockets: readonly string[];
  readonly relay_out_socket: string;
  readonly without_ipv6?: true;
}

type EnvoySettings = Pick<
  Settings,
  | 'envoy'
  | 'explicit_proxy'
  | 'base_url'
  | 'upstream'
  | 'check_timeout_ms'
  | 'flood_guard'
  | 'tracing'
  | 'transparent'
>;

export function configInput(settings: EnvoySettings, run: EnvoyRun): EnvoyConfigInput {
  return {
    ...run,
    node_id: settings.envoy.node_id,
    explicit_proxy: { address: settings.explicit_proxy.address, port: settings.explicit_proxy.port },
    base_url: { address: settings.base_url.address, port: settings.base_url.port },
    transparent: transparentListens(settings.transparent),
    allow_cidrs: settings.upstream.allow_cidrs,
    ca_bundle: settings.upstream.ca_bundle,
    check_timeout_ms: settings.check_timeout_ms,
    ...floodLimit(settings),
    ...tracingTarget(settings),
  };
}

function floodLimit({ flood_guard }: EnvoySettings): Pick<EnvoyConfigInput, 'flood_guard'> {
  if (!flood_guard.enabled) return {};
  const { requests_per_second, burst } = flood_guard;
  return { flood_guard: { requests_per_second, burst } };
}

function tracingTarget({ tracing }: EnvoySettings): Pick<EnvoyConfigInput, 'tracing'> {
  const { otlp_endpoint, sample_percent } = tracing;
  return otlp_endpoint === undefined ? {} : { tracing: { otlp_endpoint, sample_percent } };
}

/** How credentials travel to this listener; a wildcard bind counts as plaintext whoever connects. */
export function transportOf(listen: Listen): 'loopback' | 'plaintext' {
  const loopback = isIPv4(listen.address) ? listen.address.startsWith('127.') : listen.address === '::1';
  return loopback ? 'loopback' : 'plaintext';
}
