import { parse as parseDomain } from 'tldts';
import type { PolicyDocument } from '../../gen/policy_document.ts';
import { contractWarnings } from './lint_contracts.ts';
import { limitWarnings } from './lint_limits.ts';
import { overlapWarnings } from './lint_overlaps.ts';
import { streamWarnings } from './lint_streams.ts';
import { tunnelWarnings, unlimitedConnects } from './lint_tunnels.ts';
import { lookAlikes } from './lookalike.ts';
import { type Mistake, pointerOf, quoted, warning } from './mistakes.ts';
import type { Plan, PlanMatch, PlanRule } from './plan.ts';

/** What compiles and is probably not what somebody meant. */
export function lintWarnings(document: PolicyDocument, plan: Plan): readonly Mistake[] {
  const own = plan.rules.filter((rule) => rule.document === document.id);
  return [
    ...own.flatMap(neverMatches),
    ...overlapWarnings(own, plan.rules.filter(isInheritedDeny)),
    ...tunnelWarnings(document, own),
    ...unlimitedConnects(own, plan.limits),
    ...streamWarnings(own),
    ...contractWarnings(document, plan.limits),
    ...limitWarnings(document, plan.limits),
    ...hostWarnings(document),
  ];
}

function isInheritedDeny({ action, layer, exceptions }: PlanRule): boolean {
  return action === 'deny' && layer !== 0 && exceptions.length === 0;
}

/** Predicates of one rule that exclude each other. */
function neverMatches(rule: PlanRule): readonly Mistake[] {
  const at = pointerOf('rules', rule.index, 'match');
  const never = (message: string, hint: string) => [warning('RULE_NEVER_MATCHES', at, message, hint)];
  const { match, id } = rule;
  const hidden = hiddenByTunnel(match);
  const isOfTunnels = match.kind === 'connect' || match.kind === 'tcp';
  if (isOfTunnels && hidden.length > 0) {
    return rule.action === 'allow'
      ? never(
          `the rule ${quoted(id)} asks a tunnel for ${hidden.join(', ')}, which a tunnel hides`,
          'remove them',
        )
      : [useless(rule, hidden)];
  }
  if (rule.action === 'allow' && !isOfTunnels && match.schemes?.size === 1 && match.schemes.has('tcp')) {
    return never(
      `the rule ${quoted(id)} wants the scheme tcp of a request`,
      'tunnels have it: add protocol: {kind: connect}',
    );
  }
  return [];
}

function hiddenByTunnel(match: PlanMatch): readonly string[] {
  const names = [];
  if (match.schemes && !match.schemes.has('tcp')) names.push('schemes');
  if (match.methods) names.push('methods');
  if (match.pathPrefixes) names.push('path_prefixes');
  if (match.queryAbsent) names.push('query');
  return names;
}

// For a deny rule the hidden part counts as matching, so the predicate narrows nothing.
function useless(rule: PlanRule, hidden: readonly string[]): Mistake {
  const message = `the rule ${quoted(rule.id)} matches every such tunnel, because a tunnel hides ${hidden.join(', ')}`;
  return warning('PREDICATE_WITHOUT_EFFECT', pointerOf('rules', rule.index, 'match'), message, 'remove them');
}

function hostWarnings(document: PolicyDocument): readonly Mistake[] {
  const places = new Map<string, string>();
  const note = (section: 'rules' | 'limits', index: number, hosts: readonly string[] = []) => {
    for (const [i, host] of hosts.entries()) {
      const name = host.replace(/^\*\./, '');
      if (!places.has(name)) places.set(name, pointerOf(section, index, 'match', 'destination', 'hosts', i));
    }
  };
  for (const [i, { match }] of document.rules.entries()) note('rules', i, match?.destination?.hosts);
  for (const [i, { match }] of (document.limits ?? []).entries())
    note('limits', i, match?.destination?.hosts);
  return [...lookAlikeWarnings(places), ...topLevelWarnings(document)];
}

function lookAlikeWarnings(places: ReadonlyMap<string, string>): readonly Mistake[] {
  return lookAlikes(places.keys()).map(({ host, unicode, problem, reading }) => {
    const seen =
      problem === 'mixes scripts' ? 'mixes alphabets in one label' : `is easily read as ${reading}`;
    const name = unicode === host ? quoted(host) : `${quoted(unicode)} (${host})`;
    return warning(
      'LOOKALIKE_HOST',
      places.get(host) ?? '',
      `the host ${name} ${seen}`,
      'make sure it is the one you mean',
    );
  });
}

/** `*.internal` is no public suffix today; the list may learn of one tomorrow. */
function topLevelWarnings(document: PolicyDocument): readonly Mistake[] {
  return document.rules.flatMap(({ match }, index) =>
    (match?.destination?.hosts ?? []).flatMap((host, i) => {
      if (!host.startsWith('*.') || host.slice(2).includes('.') || parseDomain(host.slice(2)).isIcann)
        return [];
      const at = pointerOf('rules', index, 'match', 'destination', 'hosts', i);
      const message = `${quoted(host)} covers a whole top-level domain`;
      return [warning('WILDCARD_TOP_LEVEL', at, message, 'make sure that all of it is yours')];
    }),
  );
}
