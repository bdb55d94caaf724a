import fc from 'fast-check';
import type { Exception, Match, PolicyDocument, Rule } from '../../../../src/gen/policy_document.ts';
import { matches, rules, wideRules } from './random_policy.ts';

/** Moments around the expiries of all exceptions. */
export const MOMENTS = { early: 1_000_000_000_000, between: 1_500_000_000_000, late: 2_000_000_000_000 };
const EXPIRIES = ['2009-02-13T23:31:30Z', '2020-09-13T12:26:40Z'];

/** Documents in a line: each may inherit only from those behind it, so there is no circle. */
export interface RandomSet {
  readonly entry: PolicyDocument;
  readonly others: readonly PolicyDocument[];
}

interface Draft {
  readonly rules: readonly Omit<Rule, 'id'>[];
  readonly ceiling: boolean;
  /** For each document behind this one: inherits it. */
  readonly parents: readonly boolean[];
  readonly exceptions: readonly {
    readonly target: number;
    readonly match: Match;
    readonly expires: string;
  }[];
}

const draft: fc.Arbitrary<Draft> = fc.record({
  rules: fc.array(fc.oneof({ weight: 2, arbitrary: rules }, { weight: 1, arbitrary: wideRules }), {
    maxLength: 6,
  }),
  ceiling: fc.constantFrom(true, false, false),
  parents: fc.array(fc.constantFrom(true, true, false), { minLength: 4, maxLength: 4 }),
  exceptions: fc.array(
    fc.record({
      target: fc.nat(20),
      match: fc.oneof(matches.map(withHost), fc.constant<Match>({ destination: { any_host: true } })),
      expires: fc.constantFrom(...EXPIRIES),
    }),
    { maxLength: 3 },
  ),
});

export const sets: fc.Arbitrary<RandomSet> = fc.array(draft, { minLength: 2, maxLength: 4 }).map(build);

/** A set with a candidate that shares its ancestors. */
export const setsWithShadow = fc.tuple(sets, draft).map(([set, candidate]) => {
  const others = set.others.map(({ id }) => id);
  const shadow = documentOf(candidate, 'd0', others, new Map(set.others.map((one) => [one.id, one])));
  return { ...set, shadow };
});

function build(drafts: readonly Draft[]): RandomSet {
  const built = new Map<string, PolicyDocument>();
  for (let i = drafts.length - 1; i >= 0; i -= 1) {
    const behind = drafts.map((_, j) => `d${j}`).slice(i + 1);
    const one = drafts[i];
    if (one) built.set(`d${i}`, documentOf(one, `d${i}`, behind, built));
  }
  const [entry, ...others] = [...built.values()].reverse();
  if (!entry) throw new Error('a set has an entry');
  return { entry, others };
}

function documentOf(
  { rules: list, ceiling, parents, exceptions }: Draft,
  id: string,
  behind: readonly string[],
  known: ReadonlyMap<string, PolicyDocument>,
): PolicyDocument {
  const inherits = behind.filter((_, i) => parents[i]) as [string, ...string[]];
  const targets = inheritedDenies(inherits, known);
  const allowed = exceptions.flatMap(({ target, match, expires }, i): Exception[] => {
    const to = targets[target % Math.max(1, targets.length)];
    return to === undefined ? [] : [{ id: `x${i}`, to, match, reason: 'because', expires }];
  });
  return {
    schema: 'clawgress/policy/v1',
    id,
    ...(inherits.length > 0 ? { inherits } : {}),
    ...(ceiling ? { ceiling: true as const } : {}),
    rules: list.map((rule, i) => ({ id: `r${i}`, ...rule })),
    ...(allowed.length > 0 ? { exceptions: allowed as [Exception, ...Exception[]] } : {}),
  };
}

function inheritedDenies(ids: readonly string[], known: ReadonlyMap<string, PolicyDocument>): string[] {
  return [...ancestry(ids, known)].flatMap((id) =>
    (known.get(id)?.rules ?? []).filter(({ action }) => action === 'deny').map((rule) => `${id}/${rule.id}`),
  );
}

/** These documents and all above them. */
export function ancestry(ids: readonly string[], known: ReadonlyMap<string, PolicyDocument>): Set<string> {
  const above = ids.flatMap((id) => [...ancestry(known.get(id)?.inherits ?? [], known)]);
  return new Set([...ids, ...above]);
}

function withHost(match: Match): Match {
  if (match.destination?.hosts) return match;
  return { ...match, destination: { ...match.destination, any_host: true as const } };
}
