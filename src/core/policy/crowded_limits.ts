import { RECORD_CAPS } from '../receipt/common_fields.ts';
import { CROWD_STEPS_MAX } from './bounds.ts';
import { mistake, pointerOf, quoted } from './mistakes.ts';
import { type Part, type Problems, problemsIn } from './part.ts';
import { AGENT_KEYS, type PlanLimit, type PlanMatch } from './plan.ts';
import { parentsOf } from './predicates.ts';

interface Planned {
  readonly part: Part;
  readonly plan: { readonly limits: readonly PlanLimit[] };
}

const NAMED_MAX = 3;

/**
 * A receipt has room for a bounded number of buckets and of budgets; a request that more of them counted would be refused for its size.
 * Such a policy is refused as a whole, before a request meets it.
 */
export function crowdProblems({ part, plan }: Planned): Problems {
  return [BUCKETS, BUDGETS].flatMap(({ count, most, code, noun, hint }) => {
    const found = crowdedLimits(plan.limits, most, count);
    if (found === undefined) return [];
    const crowd = [...found].filter((limit) => count(limit) > 0).sort((a, b) => a.index - b.index);
    const named = crowd.slice(0, NAMED_MAX).map(({ id }) => quoted(id));
    const more = crowd.length > NAMED_MAX ? ` and ${crowd.length - NAMED_MAX} more` : '';
    const message = `up to ${sumOf(crowd, count)} ${noun} can count one request: ${named.join(', ')}${more}`;
    // Inherited limits are called `document/id`; their place is in another file.
    const own = crowd.filter(({ id }) => !id.includes('/')).at(-1);
    const place = own === undefined ? '/inherits' : pointerOf('limits', own.index);
    return problemsIn(part, [mistake(code, place, message, hint)]);
  });
}

/** How many places of a receipt a limit takes. */
type Count = (limit: PlanLimit) => number;

const APART = 'or let their hosts, ports, kinds or agents exclude each other';
const BUCKETS = {
  count: ({ buckets }: PlanLimit) => buckets.length,
  most: RECORD_CAPS.buckets,
  code: 'TOO_MANY_BUCKETS',
  noun: 'buckets of limits',
  hint: `at most ${RECORD_CAPS.buckets} fit a receipt, and a limit with rps and rpm has two: merge limits, ${APART}`,
};
const BUDGETS = {
  count: ({ budget }: PlanLimit) => (budget === undefined ? 0 : 1),
  most: RECORD_CAPS.budgets,
  code: 'TOO_MANY_BUDGETS',
  noun: 'budgets',
  hint: `at most ${RECORD_CAPS.budgets} fit a receipt: merge limits with tokens or usd_cents, ${APART}`,
};

/** One thing about requests by which limits exclude each other: what a match lists, or undefined when it takes all. */
interface Dimension {
  listed(match: PlanMatch): Iterable<string | number> | undefined;
  /** Listed values that take in this one as well. */
  around(value: string | number): Iterable<string | number>;
}

const NOTHING: readonly string[] = [];
/**
 * Only what every request shows for certain: behind an override header a limit counts whatever its methods and paths,
 * a tunnel hides its scheme, and a request without a query has all names absent.
 */
/**
 * A raw tunnel is a CONNECT as well, any tunnel may hide a stream, and a stream begins as a request. Of what one request
 * can be at once, the first kind here that a limit lists names all others.
 */
const KINDS_BESIDE: Readonly<Record<string | number, readonly string[]>> = {
  tcp: ['connect', 'websocket', 'grpc', 'llm', 'mcp', 'a2a'],
  connect: ['websocket', 'grpc', 'llm', 'mcp', 'a2a'],
  websocket: ['http', 'grpc'],
  grpc: ['http', 'websocket'],
  // What nobody can read may be any of them.
  llm: ['http', 'mcp', 'a2a'],
  mcp: ['http', 'llm', 'a2a'],
  a2a: ['http', 'llm', 'mcp'],
};
const DIMENSIONS: readonly Dimension[] = [
  ...AGENT_KEYS.map((key): Dimension => ({ listed: ({ agent }) => agent?.get(key), around: () => NOTHING })),
  { listed: hostsListed, around: wildcardsAround },
  { listed: ({ ports }) => ports, around: () => NOTHING },
  { listed: ({ kind }) => kind && [kind], around: (kind) => KINDS_BESIDE[kind] ?? NOTHING },
];

function hostsListed({ hosts }: PlanMatch): readonly string[] | undefined {
  return hosts && [...hosts.exact, ...[...hosts.parents].map((parent) => `*.${parent}`)];
}

function* wildcardsAround(host: string | number): Generator<string> {
  const name = String(host).replace(/^\*\./, '');
  for (const parent of parentsOf(name)) yield `*.${parent}`;
}

/**
 * Limits with more than `most` buckets (or whatever is counted) that may count one request together. Never misses some that do; may name some that
 * do not, when only methods, paths, schemes or queries keep them apart or when there are too many to tell.
 */
export function crowdedLimits(
  limits: readonly PlanLimit[],
  most: number,
  count: Count = BUCKETS.count,
): readonly PlanLimit[] | undefined {
  return new Search(most, count).divide(
    limits.filter((limit) => count(limit) > 0),
    0,
  );
}

class Search {
  readonly #most: number;
  readonly #count: Count;
  #steps = 0;

  constructor(most: number, count: Count) {
    this.#most = most;
    this.#count = count;
  }

  /** Splits by one dimension after the other until each group is small enough, or cannot be split. */
  divide(crowd: readonly PlanLimit[], from: number): readonly PlanLimit[] | undefined {
    if (this.#sum(crowd) <= this.#most) return undefined;
    if (DIMENSIONS.some((one) => this.#isKeptApart(crowd, one)) || this.#isScattered(crowd)) return undefined;
    const dimension = DIMENSIONS[from];
    if (dimension === undefined || this.#steps > CROWD_STEPS_MAX) return crowd;
    for (const group of this.#groups(crowd, dimension)) {
      const found = this.divide(group, from + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A quick look: one dimension alone often does. */
  #isKeptApart(crowd: readonly PlanLimit[], dimension: Dimension): boolean {
    for (const group of this.#groups(crowd, dimension)) if (this.#sum(group) > this.#most) return false;
    return true;
  }

  /** Another quick look: limits that list the same thing are counted where most of them meet, and all of that is added up. */
  #isScattered(crowd: readonly PlanLimit[]): boolean {
    let rest = crowd;
    let sum = 0;
    for (const dimension of DIMENSIONS) {
      const lists = ({ match }: PlanLimit) => dimension.listed(match) !== undefined;
      let densest = 0;
      for (const group of this.#groups(rest.filter(lists), dimension)) {
        densest = Math.max(densest, this.#sum(group));
        if (sum + densest > this.#most || this.#steps > CROWD_STEPS_MAX) return false;
      }
      sum += densest;
      rest = rest.filter((limit) => !lists(limit));
    }
    return sum + this.#sum(rest) <= this.#most;
  }

  #sum(limits: readonly PlanLimit[]): number {
    return sumOf(limits, this.#count);
  }

  /** For each listed value the limits that take it; what takes everything is in each group. */
  *#groups(crowd: readonly PlanLimit[], { listed, around }: Dimension): Generator<PlanLimit[]> {
    const everywhere: PlanLimit[] = [];
    const byValue = new Map<string | number, PlanLimit[]>();
    for (const limit of crowd) {
      const values = listed(limit.match);
      if (values === undefined) everywhere.push(limit);
      for (const value of values ?? []) {
        this.#steps += 1;
        const list = byValue.get(value);
        if (list) list.push(limit);
        else byValue.set(value, [limit]);
      }
    }
    if (byValue.size === 0) yield everywhere;
    for (const [value, list] of byValue) {
      const wider = [...around(value)].flatMap((other) => byValue.get(other) ?? []);
      this.#steps += everywhere.length + list.length + wider.length;
      yield [...new Set([...everywhere, ...list, ...wider])];
    }
  }
}

function sumOf(limits: readonly PlanLimit[], count: Count): number {
  return limits.reduce((sum, limit) => sum + count(limit), 0);
}
