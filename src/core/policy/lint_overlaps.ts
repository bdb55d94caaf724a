import { LINT_PAIRS_MAX } from './bounds.ts';
import { contains } from './containment.ts';
import { HostIndex } from './host_index.ts';
import { type Mistake, pointerOf, quoted, warning } from './mistakes.ts';
import type { AgentKey, PlanRule } from './plan.ts';
import { isNamedBefore } from './precedence.ts';

/**
 * Rules of a document that another rule makes pointless: an allow below a deny, or a rule inside a broader one of its
 * kind. `above` are deny rules of its ancestors.
 */
export function overlapWarnings(
  own: readonly PlanRule[],
  above: readonly PlanRule[] = [],
): readonly Mistake[] {
  const judges = (rule: PlanRule) => rule.enabled && (rule.action === 'allow' || rule.action === 'deny');
  const rules = own.filter(judges);
  const index = new HostIndex([...rules, ...above.filter(judges)]);
  const found: Mistake[] = [];
  let pairs = 0;
  for (const rule of rules) {
    for (const other of candidatesFor(rule, index)) {
      pairs += 1;
      if (pairs > LINT_PAIRS_MAX) return [...found, incomplete(rule)];
      const wrong = other === rule ? undefined : overlap(rule, other);
      if (!wrong) continue;
      found.push(wrong);
      break;
    }
  }
  return found;
}

function overlap(rule: PlanRule, other: PlanRule): Mistake | undefined {
  // A shadow rule takes nothing away from a live one; a live rule can cover both kinds.
  if ((other.shadow && !rule.shadow) || !contains(other.match, rule.match)) return undefined;
  const at = pointerOf('rules', rule.index);
  if (rule.action === 'allow' && other.action === 'deny') {
    const message = `the allow rule ${quoted(rule.id)} never grants anything: the deny rule ${quoted(other.id)} covers it`;
    return warning(
      'RULE_SHADOWED',
      at,
      message,
      'deny beats allow in any order; narrow the deny or remove the allow',
    );
  }
  if (rule.action !== other.action || !makesPointless(other, rule)) return undefined;
  const message = `the rule ${quoted(rule.id)} changes no verdict: ${quoted(other.id)} matches all that it matches`;
  return warning('RULE_UNREACHABLE', at, message, 'remove one of them');
}

function makesPointless(other: PlanRule, rule: PlanRule): boolean {
  // Of two rules that contain each other only the one that receipts do not name is pointless.
  if (contains(rule.match, other.match) && isNamedBefore(rule, other)) return false;
  if (rule.action === 'deny') return true;
  // Caps narrow whatever else allows the stream, and a rule about requests grants no WebSocket.
  if (rule.stream !== undefined || rule.contract.request || rule.contract.response) return false;
  if (rule.match.kind === 'websocket' && other.match.kind !== 'websocket') return false;
  // An allow rule opens only the tunnel that it says, and grants paths only in its own mode.
  return (rule.opens === undefined || rule.opens === other.opens) && other.path === rule.path;
}

/** Whatever contains the rule contains its first host and its first ids, so only those are looked up. */
function candidatesFor(rule: PlanRule, index: HostIndex<PlanRule>): readonly PlanRule[] {
  const { hosts, agent } = rule.match;
  const [parent] = hosts?.parents ?? [];
  const [host = parent === undefined ? '' : `*.${parent}`] = hosts?.exact ?? [];
  const firstOf = (key: AgentKey) => [...(agent?.get(key) ?? [])][0] ?? '';
  const named = {
    agent_id: firstOf('agent_id'),
    project_id: firstOf('project_id'),
    team_id: firstOf('team_id'),
  };
  const found: PlanRule[] = [];
  index.visit({ host, host_kind: 'name' }, named, (candidate) => found.push(candidate));
  return found;
}

function incomplete(rule: PlanRule): Mistake {
  const message = `overlaps were only looked for up to the rule ${quoted(rule.id)}`;
  return warning(
    'LINT_INCOMPLETE',
    pointerOf('rules', rule.index),
    message,
    'split the document by agent or by host',
  );
}
