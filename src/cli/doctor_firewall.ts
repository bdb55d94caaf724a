import { kernelFacts, kernelWarnings } from '../intercept_host/nftables/kernel_facts.ts';
import type { Finding, Patient } from './doctor_checks.ts';
import { guardOf } from './intercept_guard.ts';

/** What the kernel was told elsewhere and would keep redirected connections from arriving. Needs no rights. */
export function checkFirewall({ settings }: Pick<Patient, 'settings'>, facts = kernelFacts()): Finding {
  const check = 'firewall';
  const { agent_uids, agent_gids, agent_interfaces, agent_cidrs } = settings.interception_host;
  const agents = [agent_uids, agent_gids, agent_interfaces, agent_cidrs].flat();
  if (agents.length === 0) return { check, status: 'ok', detail: 'holds nobody: interception_host is empty' };
  const warnings = kernelWarnings(guardOf(settings), { ipv4: settings.resolver.ipv4_block }, facts);
  const fix = 'sudo clawgress intercept nftables status';
  if (warnings.length > 0) return { check, status: 'warn', detail: warnings.join('; '), fix };
  return { check, status: 'ok', detail: `settings are good; whether rules are in force: ${fix}` };
}
