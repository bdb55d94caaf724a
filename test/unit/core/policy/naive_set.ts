import type { Principal } from '../../../../src/core/identity/principal.ts';
import type { EgressRequest } from '../../../../src/core/request/egress_request.ts';
import type { Exception, PolicyDocument, Rule } from '../../../../src/gen/policy_document.ts';
import { type NaiveOutcome, naiveObservers, naiveShadow, naiveStream } from './naive.ts';
import { naiveOpening, naiveTunnel, type Opening, type TunnelCase } from './naive_tunnel.ts';
import { ancestry, type RandomSet } from './random_set.ts';

interface Asked {
  readonly request: EgressRequest;
  readonly who: Principal;
  readonly atMs: number;
}

/** A second evaluator of sets: no plan, no layers; documents are cut into pieces and the pieces asked one by one. */
export function naiveSet(set: RandomSet, asked: Asked, withShadow = false): NaiveOutcome {
  if (asked.request.protocol === 'connect') {
    return naiveTunnel(tunnelCase(set, asked, withShadow), asked.request, asked.who);
  }
  const counted = ({ shadow }: Rule) => withShadow || !shadow;
  const members = membersOf(set);
  const exceptions = members.flatMap(({ document }) => document.exceptions ?? []);
  const judge = (rules: readonly Rule[]) =>
    naiveShadow(documentOf(rules.filter(counted)), asked.request, asked.who);

  const denied = judge(
    members
      .flatMap(({ rules }) => rules)
      .filter(({ action, id }) => action === 'deny' && !isExcepted(id, exceptions, asked)),
  );
  if (denied.reason !== 'POLICY_NO_MATCH') return denied;

  const layers = members
    .filter(({ document }) => document === set.entry || document.ceiling)
    .map(({ rules }) => rules.filter(({ action }) => action === 'allow'));
  const [own = [], ...ceilings] = layers;
  const allowed = judge(own);
  if (allowed.verdict === 'deny') return allowed;
  for (const ceiling of ceilings) {
    const above = judge(ceiling);
    if (above.reason === 'POLICY_NO_MATCH') return { verdict: 'deny', reason: 'POLICY_CEILING' };
    if (above.verdict === 'deny') return above;
  }
  // Caps of every layer hold, each layer having said what it asks for.
  const caps = naiveSetStream(layers, asked, counted);
  if (!asked.request.path_ambiguous) return { ...allowed, ...caps };
  const all = (mode: string) =>
    layers.every((rules) => judge(rules.filter(({ path }) => path === mode)).verdict === 'allow');
  const { path: _path, stream: _stream, ...rest } = allowed;
  if (all('rewrite')) return { ...rest, ...caps, path: 'rewrite' };
  if (all('raw')) return { ...rest, ...caps, path: 'raw' };
  return { ...rest, verdict: 'deny', reason: 'PATH_AMBIGUOUS' };
}

function naiveSetStream(
  layers: readonly (readonly Rule[])[],
  { request, who }: Asked,
  counted: (rule: Rule) => boolean,
): { stream?: object } {
  return naiveStream(
    layers
      .flat()
      .filter((rule) => counted(rule) && naiveShadow(documentOf([rule]), request, who).rule_id === rule.id),
  );
}

function tunnelCase(set: RandomSet, { atMs }: Asked, withShadow: boolean): TunnelCase {
  const counted = ({ shadow, enabled }: Rule) => enabled !== false && (withShadow || !shadow);
  const members = membersOf(set);
  const rulesOf = (action: string, rules: readonly Rule[]) =>
    rules.filter((rule) => rule.action === action && counted(rule));
  return {
    denies: members.flatMap(({ rules }) => rulesOf('deny', rules)),
    layers: members
      .filter(({ document }) => document === set.entry || document.ceiling)
      .map(({ rules }) => rulesOf('allow', rules)),
    exceptions: members.flatMap(({ document }) =>
      (document.exceptions ?? []).filter(({ expires }) => atMs < new Date(expires).getTime()),
    ),
  };
}

export function naiveSetObservers(set: RandomSet, asked: Asked): string[] {
  const { request, who } = asked;
  const opening: Opening =
    request.protocol === 'connect' ? naiveOpening(tunnelCase(set, asked, false), request, who) : 'none';
  return naiveObservers(documentOf(membersOf(set).flatMap(({ rules }) => rules)), request, who, opening);
}

/** The entry first, then what it inherits by id; rules under the names of receipts. */
function membersOf({ entry, others }: RandomSet): { document: PolicyDocument; rules: Rule[] }[] {
  const known = new Map(others.map((one) => [one.id, one]));
  const above = [...ancestry(entry.inherits ?? [], known)].sort();
  return [
    { document: entry, rules: entry.rules },
    ...above.flatMap((id) => {
      const document = known.get(id);
      return document
        ? [{ document, rules: document.rules.map((rule) => ({ ...rule, id: `${id}/${rule.id}` })) }]
        : [];
    }),
  ];
}

function isExcepted(id: string, exceptions: readonly Exception[], { request, who, atMs }: Asked): boolean {
  return exceptions.some(
    ({ to, match, expires }) =>
      to === id &&
      atMs < new Date(expires).getTime() &&
      naiveShadow(documentOf([{ id: 'x', action: 'allow', match }]), request, who).verdict === 'allow',
  );
}

function documentOf(rules: readonly Rule[]): PolicyDocument {
  return { schema: 'clawgress/policy/v1', id: 'piece', rules: [...rules] };
}
