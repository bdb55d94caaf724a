import { existsSync, readFileSync, statSync } from 'node:fs';
import { ConfigError } from '../config/problem.ts';
import type { Settings } from '../config/settings.ts';
import { type Guard, parseGuard } from '../intercept_host/nftables/guard.ts';
import { kernelFacts, kernelWarnings } from '../intercept_host/nftables/kernel_facts.ts';
import { namesOf, uncoveredSubordinates } from '../intercept_host/nftables/subordinate.ts';

/** What the settings ask for, strictly parsed. Throws ConfigError with every mistake. */
export function guardOf(settings: Settings): Guard {
  const { gateway_uid, ...asked } = settings.interception_host;
  const { explicit_proxy, base_url, transparent, resolver } = settings;
  const guard = parseGuard({
    ...asked,
    gateway_uid: gateway_uid ?? ownerOf(settings.state_dir),
    listeners: [
      { key: 'explicit_proxy', ...explicit_proxy },
      { key: 'base_url', ...base_url },
    ],
    transparent,
    resolver,
  });
  if (guard.ok) return guard.value;
  throw new ConfigError(guard.problem.map((problem) => ({ where: 'configuration', ...problem })));
}

/** Ways around that the rules cannot close, and what keeps them from working; one sentence each, with what to do. */
export function warningsFor(guard: Guard, settings: Settings): readonly string[] {
  const blocks = { ipv4: settings.resolver.ipv4_block };
  return [...borrowedIds(guard), ...kernelWarnings(guard, blocks, kernelFacts())];
}

function borrowedIds(guard: Guard): readonly string[] {
  const names = namesOf(textOf('/etc/passwd'), guard.agentUids);
  const users = uncoveredSubordinates(textOf('/etc/subuid'), guard.agentUids, names);
  if (users.length === 0) return [];
  const list = users.join(', ');
  return [
    `/etc/subuid lends agents the user ids ${list}, which these rules do not hold: add them to interception_host.agent_uids, or remove those lines`,
  ];
}

/** Without a state folder nobody has run a gateway yet; whoever asks will. */
function ownerOf(stateDir: string): number {
  return existsSync(stateDir) ? statSync(stateDir).uid : (process.getuid?.() ?? 0);
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
