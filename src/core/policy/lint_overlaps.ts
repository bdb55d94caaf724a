import { LINT_PAIRS_MAX } from './bounds.ts';
import { contains } from './containment.ts';
import { type Mistake, pointerOf, quoted, warning } from './mistakes.ts';
import type { PlanRule } from './plan.ts';
import { isNamedBefore } from './precedence.ts';
import { parentsOf } from './predicates.ts';

/** Rules that another rule makes pointless: an allow below a deny, or a rule inside a broader one of its kind. */
export function overlapWarnings(all: readonly PlanRule[]): readonly Mistake[] {
  const rules = all.filter((rule) => rule.enabled && (rule.action === 'allow' || rule.action === 'deny'));
  const finder = new CandidateFinder(rules);
  const found: Mistake[] = [];
  let pairs = 0;
  for (const rule of rules) {
    for (const other of finder.candidatesFor(rule)) {
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
  // An allow rule grants a tunnel only when it says so, and paths only in its own mode.
  const isTunnelOnly = rule.match.kind === 'connect' && other.match.kind !== 'connect';
  return !isTunnelOnly && other.path === rule.path;
}

/** Narrows the search to rules that list the host, a parent of it, or no host at all. */
class CandidateFinder {
  private readonly byHost = new Map<string, PlanRule[]>();
  private readonly anywhere: PlanRule[] = [];

  constructor(rules: readonly PlanRule[]) {
    for (const rule of rules) {
      const { hosts } = rule.match;
      if (!hosts) this.anywhere.push(rule);
      for (const host of hosts?.exact ?? []) this.add(host, rule);
      for (const parent of hosts?.parents ?? []) this.add(`*.${parent}`, rule);
    }
  }

  *candidatesFor(rule: PlanRule): Generator<PlanRule> {
    yield* this.anywhere;
    // Whatever contains the rule contains its first host.
    const [exact] = rule.match.hosts?.exact ?? [];
    const [parent] = rule.match.hosts?.parents ?? [];
    const name = exact ?? parent;
    if (name === undefined) return;
    yield* this.byHost.get(exact ?? `*.${parent}`) ?? [];
    for (const above of parentsOf(name)) yield* this.byHost.get(`*.${above}`) ?? [];
  }

  private add(key: string, rule: PlanRule): void {
    const rules = this.byHost.get(key);
    if (rules) rules.push(rule);
    else this.byHost.set(key, [rule]);
  }
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
