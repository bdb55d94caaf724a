import { CLIENT_KINDS, type ClientKind, clientEntry, isClientKind } from '../clients/client_list.ts';
import type { TrustPlace } from '../clients/trust_place.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';
import { type TrustWorld, trustWorld } from './trust_world.ts';

/** `trust list [--json]`: where each kind of client keeps trust, and whether our CA is there. */
export function trustList(flags: Flags, world: TrustWorld = trustWorld(flags)): number {
  const rows = CLIENT_KINDS.map((client) => {
    const place = world.placeOf(client);
    return { client, state: place?.state() ?? 'variables', where: place?.where ?? onlyVariables(client) };
  });
  if (flags['json'] === true) world.out(`${JSON.stringify({ trust: rows }, null, 2)}\n`);
  else {
    for (const { client, state, where } of rows) {
      world.out(`${client.padEnd(8)}${state.padEnd(11)}${where}\n`);
    }
  }
  return EXIT.ok;
}

/** `trust install --for <client> [--keystore FILE] [--json]` */
export function trustInstall(flags: Flags, world: TrustWorld = trustWorld(flags)): number {
  if (world.own.length === 0) {
    throw new CliError(
      EXIT.unavailable,
      'this gateway has no CA of its own yet',
      'start it once: clawgress up',
    );
  }
  return change('install', flags, world);
}

/** `trust remove --for <client> [--keystore FILE] [--json]`: undoes `install`, and nothing else. */
export function trustRemove(flags: Flags, world: TrustWorld = trustWorld(flags)): number {
  return change('remove', flags, world);
}

function change(what: 'install' | 'remove', flags: Flags, world: TrustWorld): number {
  const client = clientFlag(flags['for']);
  const place = writable(client, world);
  if (what === 'install') world.keepCaFile();
  const changed = place[what]();
  if (!changed.ok) throw new CliError(EXIT.unavailable, changed.problem.message, changed.problem.next);
  const state = place.state();
  if (flags['json'] === true) {
    world.out(`${JSON.stringify({ client, change: changed.value, state, where: place.where })}\n`);
  } else {
    const verb = what === 'install' ? 'installed' : 'removed';
    world.out(`${client}: ${changed.value === 'changed' ? verb : `already ${verb}`} (${place.where})\n`);
  }
  return EXIT.ok;
}

function writable(client: ClientKind, world: TrustWorld): TrustPlace {
  const place = world.placeOf(client);
  if (place !== undefined) return place;
  const next = 'clawgress run -- <command>, or eval "$(clawgress env)"';
  throw new CliError(EXIT.usage, `${client}: ${onlyVariables(client)}`, next);
}

function onlyVariables(client: ClientKind): string {
  return clientEntry(client).installs === undefined
    ? 'has no file for it, only variables'
    : 'is not installed here';
}

/** Throws when it names none of the clients. */
export function clientFlag(value: Flags[string]): ClientKind {
  if (typeof value === 'string' && isClientKind(value)) return value;
  const found = typeof value === 'string' ? `unknown client '${value.slice(0, 32)}'` : '--for is missing';
  throw new CliError(EXIT.usage, found, `allowed: --for ${CLIENT_KINDS.join('|')}`);
}
