import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RESERVED_IPV4 } from '../bypass/direct.ts';
import {
  type Place,
  type ProxyPlace,
  parsePlace,
  parsePlaces,
  parseProxyUrl,
  resolversOf,
} from '../bypass/places.ts';
import type { StatePlaces, World } from '../bypass/world.ts';
import { processEnvironment } from '../config/environment.ts';
import type { Layout } from '../config/layout.ts';
import type { Result } from '../core/result.ts';
import { CliError, EXIT } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';

const DNS_PORT = 53;
const RESOLV_CONF = '/etc/resolv.conf';

/** What the flags, the variables and the state folder say about where to try. Throws on a wrong flag. */
export function bypassWorld(flags: Flags, nonce: string, controlled: ReadonlySet<string>): World {
  const env = processEnvironment();
  const settings = settingsFor(flags);
  const targets = fromFlag(flags, 'target', '--target', parsePlaces) ?? [{ host: RESERVED_IPV4, port: 443 }];
  const proxy = proxyOf(flags);
  const dnsHost = targets.find(({ host }) => !host.includes(':'))?.host ?? RESERVED_IPV4;
  const address = (name: string, flag: string) =>
    fromFlag(flags, name, flag, (t) => parsePlace(t, 'address'));
  const named = (name: string, flag: string) =>
    fromFlag(flags, name, flag, (text) => parsePlace(text, 'name_or_address'));
  const baseUrl =
    address('baseUrl', '--base-url') ??
    (proxy === undefined ? undefined : { host: proxy.host, port: settings.base_url.port });
  const allowed = named('allowed', '--allowed');
  const allowedHttp = named('allowedHttp', '--allowed-http');
  const dnsZone = zoneOf(flags);
  return {
    nonce,
    targets,
    dnsTarget: address('dnsTarget', '--dns-target') ?? { host: dnsHost, port: DNS_PORT },
    resolvers: resolversOf(textOf(RESOLV_CONF)),
    controlled,
    env,
    state: statePlaces(layoutFor(settings), flags['stateDir'] !== undefined),
    uid: process.geteuid?.() ?? 0,
    ...(dnsZone === undefined ? {} : { dnsZone }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(allowedHttp === undefined ? {} : { allowedHttp }),
  };
}

/** An agent's own variables, in the order in which clients look at them. */
function proxyOf(flags: Flags): ProxyPlace | undefined {
  const env = processEnvironment();
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
  const set = names.find((name) => (env[name] ?? '') !== '');
  const given = typeof flags['proxy'] === 'string';
  const text = given ? String(flags['proxy']) : set === undefined ? undefined : env[set];
  if (text === undefined) return undefined;
  return accepted(given ? '--proxy' : String(set), parseProxyUrl(text));
}

function zoneOf(flags: Flags): string | undefined {
  const zone = flags['dnsZone'];
  if (zone === undefined) return undefined;
  const text = String(zone).toLowerCase();
  if (text.length <= 100 && /^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$/.test(text)) return text;
  throw new CliError(
    EXIT.usage,
    `--dns-zone: found '${String(zone)}'; allowed: a domain name, at most 100 long`,
  );
}

function fromFlag<T>(
  flags: Flags,
  name: string,
  flag: string,
  parse: (text: string) => Result<T, string>,
): T | undefined {
  const text = flags[name];
  return typeof text === 'string' ? accepted(flag, parse(text)) : undefined;
}

function accepted<T>(flag: string, parsed: Result<T, string>): T {
  if (parsed.ok) return parsed.value;
  throw new CliError(EXIT.usage, `${flag}: ${parsed.problem}`, 'clawgress doctor --help');
}

function statePlaces(layout: Layout, named: boolean): StatePlaces {
  const { authz_sockets, gateway_sockets, recorder_socket, envoy_admin_socket, gateway_socket } = layout;
  return {
    dir: layout.state_dir,
    named,
    sockets: [...authz_sockets, recorder_socket, envoy_admin_socket, gateway_socket, ...gateway_sockets],
    secret: [
      layout.keys_dir,
      layout.stamp,
      layout.journal_dir,
      layout.ledger_dir,
      layout.demo_credentials,
      join(layout.ca_dir, 'root.key'),
    ],
    writable: [layout.policy, layout.policy_dir, layout.registry, layout.journal_dir, layout.keys_dir],
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // An environment without a resolver is an answer, too.
    return '';
  }
}

export function placesFrom(flag: string, text: string): readonly Place[] {
  return accepted(flag, parsePlaces(text));
}
