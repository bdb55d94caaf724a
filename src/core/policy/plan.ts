import type { Exception, Limit, Match, PolicyDocument, Rule } from '../../gen/policy_document.ts';
import type { TunnelMode } from '../request/egress_request.ts';
import type { StreamCaps } from '../verdict/stream_caps.ts';
import { type CallMatch, callMatch } from './ai_predicates.ts';
import { type BeyondLimit, beyondOf, NEAR_LIMIT_PERCENT } from './beyond_limit.ts';
import type { Contract } from './body_demands.ts';
import { budgetOf, type PlanBudget } from './budget_plan.ts';
import { contractOf } from './contract_plan.ts';
import { parseHostPattern } from './hosts.ts';
import { type PlanSchema, type SchemaTable, schemaTableOf } from './schemas.ts';
import { expiryMs } from './semantic.ts';
import { eachInSteps, finished, type Steps } from './steps.ts';

/**
 * What a document and its ancestors say, with defaults filled in and lists as sets. Built once from checked documents,
 * only read. Rules and limits of an ancestor are called `document/id`, as in receipts.
 */
export interface Plan {
  readonly policy_id: string;
  /** Ids of the ancestors that are ceilings, sorted; ceiling n is the layer n + 1 of its allow rules. */
  readonly ceilings: readonly string[];
  /** In document order, ancestors by id after the document itself, disabled rules included. */
  readonly rules: readonly PlanRule[];
  readonly limits: readonly PlanLimit[];
  readonly query_names: readonly string[];
  /** Of the document and its ancestors, by hash. */
  readonly schemas: ReadonlyMap<string, PlanSchema>;
}

export type Action = Rule['action'];
export type PathMode = NonNullable<Rule['path']>;

export interface PlanRule {
  /** Place in its own document. */
  readonly index: number;
  readonly id: string;
  /** Id of its document. */
  readonly document: string;
  /** Which layer an allow rule grants: 0 the document, above that a ceiling. Undefined: an ancestor grants nothing. */
  readonly layer: number | undefined;
  /** Of a deny rule. */
  readonly exceptions: readonly PlanException[];
  readonly priority: number;
  readonly enabled: boolean;
  readonly action: Action;
  readonly shadow: boolean;
  readonly path: PathMode;
  readonly match: PlanMatch;
  /** What an allow rule makes of a CONNECT that it matches. Undefined: it opens no tunnel. */
  readonly opens: TunnelMode | undefined;
  /** What an allow rule asks of the WebSockets or gRPC calls that it matches. */
  readonly stream: StreamCaps | undefined;
  /** What an allow rule asks of the bodies of the requests that it matches, and of their answers. */
  readonly contract: Contract;
}

/** Requests that a deny rule of an ancestor leaves alone until a moment. */
export interface PlanException {
  /** `document/id` of the exception. */
  readonly id: string;
  readonly match: PlanMatch;
  /** The tunnels that it surely speaks of, as for an allow rule; those that are looked into, it can speak of inside. */
  readonly opens: TunnelMode | undefined;
  readonly expires_ms: number;
  readonly reason: string;
}

export interface PlanLimit {
  readonly index: number;
  readonly id: string;
  readonly match: PlanMatch;
  readonly per: Limit['per'];
  readonly mode: NonNullable<Limit['mode']>;
  /** Share of a bucket from which on it is nearly used up. */
  readonly near_percent: number;
  readonly beyond: BeyondLimit;
  /** None where it is a budget. */
  readonly buckets: readonly Bucket[];
  readonly budget?: PlanBudget;
}

/** One GCRA bucket; see `GcraOp` for the arithmetic. */
export interface Bucket {
  readonly window: 'rps' | 'rpm';
  readonly period_us: number;
  readonly tolerance_us: number;
}

export const AGENT_KEYS = [
  'agent_id',
  'team_id',
  'project_id',
  'environment',
  'tenant_id',
  'auth_type',
] as const;
export type AgentKey = (typeof AGENT_KEYS)[number];

/** An absent member restricts nothing. */
export interface PlanMatch {
  readonly agent?: ReadonlyMap<AgentKey, ReadonlySet<string>>;
  readonly hosts?: HostSet;
  readonly anyHost: boolean;
  readonly ports?: ReadonlySet<number>;
  readonly schemes?: ReadonlySet<string>;
  readonly methods?: ReadonlySet<string>;
  readonly pathPrefixes?: readonly string[];
  readonly queryAbsent?: readonly string[];
  readonly kind?: ProtocolKind;
  /** Of a kind of AI. */
  readonly call?: CallMatch;
}

export type ProtocolKind = NonNullable<Match['protocol']>['kind'];

export interface HostSet {
  readonly exact: ReadonlySet<string>;
  /** Of `*.example.com` the part `example.com`. */
  readonly parents: ReadonlySet<string>;
}

/** The query parameter by which frameworks accept another method; judged together with the override headers. */
export const METHOD_PARAMETER = '_method';

/** The ancestors are sorted by id; exceptions name rules that exist. */
export function buildPlan(document: PolicyDocument, ancestors: readonly PolicyDocument[] = []): Plan {
  return finished(planSteps(document, ancestors));
}

/** `buildPlan` in steps. */
export function* planSteps(document: PolicyDocument, ancestors: readonly PolicyDocument[]): Steps<Plan> {
  const members = [document, ...ancestors];
  const ceilings = ancestors.filter(({ ceiling }) => ceiling === true).map(({ id }) => id);
  const exceptions = exceptionsByRule(members);
  const rules: PlanRule[] = [];
  const schemas = new Map<string, PlanSchema>();
  for (const member of members) {
    const isEntry = member === document;
    const ceiling = ceilings.indexOf(member.id);
    const layer = isEntry ? 0 : ceiling === -1 ? undefined : ceiling + 1;
    const prefix = isEntry ? '' : `${member.id}/`;
    const table = schemaTableOf(member);
    for (const schema of table.values()) schemas.set(schema.schema_hash, schema);
    yield;
    yield* eachInSteps(member.rules.entries(), hostsOf, ([index, rule]) => {
      const id = prefix + rule.id;
      const place = { index, id, document: member.id, layer, exceptions: exceptions.get(id) ?? [] };
      rules.push(planRule(rule, place, table));
    });
  }
  yield;
  const limits = members.flatMap((member) =>
    (member.limits ?? []).map((limit) =>
      member === document ? limit : { ...limit, id: `${member.id}/${limit.id}` },
    ),
  );
  const matches = [
    ...members.flatMap((member) => [...member.rules, ...(member.exceptions ?? [])]).map(({ match }) => match),
    ...limits.map(({ match }) => match),
  ];
  return {
    policy_id: document.id,
    ceilings,
    rules,
    limits: limits.map(planLimit),
    query_names: queryNamesOf(matches),
    schemas,
  };
}

function hostsOf([, { match }]: readonly [number, Rule]): number {
  return match?.destination?.hosts?.length ?? 0;
}

type PlanPlace = Pick<PlanRule, 'index' | 'id' | 'document' | 'layer' | 'exceptions'>;

function planRule(rule: Rule, place: PlanPlace, schemas: SchemaTable): PlanRule {
  const { priority = 0, enabled = true, action, shadow = false, path = 'deny_ambiguous' } = rule;
  const match = planMatch(rule.match ?? {});
  const opens = action === 'allow' ? tunnelOf(match, rule.tls) : undefined;
  const asked = { stream: streamOf(rule), contract: contractOf(rule, schemas) };
  return { ...place, priority, enabled, action, shadow, path, match, opens, ...asked };
}

function streamOf({ stream, frames }: Rule): StreamCaps | undefined {
  if (stream === undefined && frames === undefined) return undefined;
  return { ...stream, ...(frames === undefined ? {} : { frames }) };
}

/** A tunnel that nobody looks into is only granted by name: a rule about requests did not mean "anything at all". */
function tunnelOf({ kind, schemes }: PlanMatch, tls: Rule['tls']): TunnelMode | undefined {
  if (tls === 'deny') return undefined;
  if (kind === 'tcp') return 'raw';
  if (kind === 'connect') return 'passthrough';
  return tls === 'intercept' && schemes?.has('https') !== false ? 'intercept' : undefined;
}

function exceptionsByRule(members: readonly PolicyDocument[]): ReadonlyMap<string, readonly PlanException[]> {
  const found = new Map<string, PlanException[]>();
  for (const { id, exceptions = [] } of members) {
    for (const exception of exceptions) {
      const listed = found.get(exception.to) ?? [];
      found.set(exception.to, [...listed, planException(exception, id)]);
    }
  }
  return found;
}

function planException({ id, match, expires, reason }: Exception, document: string): PlanException {
  const expires_ms = expiryMs(expires);
  if (expires_ms === undefined) throw new Error('a plan is built from a checked document');
  const plan = planMatch(match);
  return { id: `${document}/${id}`, match: plan, opens: tunnelOf(plan, 'intercept'), expires_ms, reason };
}

export function planMatch(match: Match): PlanMatch {
  const { agent, destination, methods, path_prefixes, query, protocol } = match;
  return {
    ...(agent ? { agent: agentSets(agent) } : {}),
    ...(destination?.hosts ? { hosts: hostSet(destination.hosts) } : {}),
    anyHost: destination?.any_host === true,
    ...(destination?.ports ? { ports: new Set(destination.ports) } : {}),
    ...(destination?.schemes ? { schemes: new Set<string>(destination.schemes) } : {}),
    ...(methods ? { methods: new Set(methods) } : {}),
    ...(path_prefixes ? { pathPrefixes: path_prefixes } : {}),
    ...(query ? { queryAbsent: query.absent } : {}),
    ...(protocol ? { kind: protocol.kind, ...callMatch(protocol) } : {}),
  };
}

function agentSets(agent: NonNullable<Match['agent']>): ReadonlyMap<AgentKey, ReadonlySet<string>> {
  const sets = new Map<AgentKey, ReadonlySet<string>>();
  for (const key of AGENT_KEYS) {
    const listed = agent[key];
    if (listed) sets.set(key, new Set<string>(listed));
  }
  return sets;
}

function hostSet(hosts: readonly string[]): HostSet {
  const exact = new Set<string>();
  const parents = new Set<string>();
  for (const text of hosts) {
    const pattern = parseHostPattern(text);
    if (!pattern.ok) throw new Error('a plan is built from a checked document');
    (pattern.value.kind === 'wildcard' ? parents : exact).add(pattern.value.host);
  }
  return { exact, parents };
}

const SECOND_US = 1_000_000;
const MINUTE_US = 60_000_000;
/** Without a burst of its own a per-minute bucket lets a tenth of a minute's quota come at once. */
const RPM_BURST_DIVISOR = 10;

function planLimit(limit: Limit, index: number): PlanLimit {
  const { id, match = {}, per, mode = 'hard_stop', near_limit = NEAR_LIMIT_PERCENT } = limit;
  const budget = budgetOf(limit);
  return {
    ...{ index, id, match: planMatch(match), per, mode, near_percent: near_limit },
    beyond: beyondOf(limit),
    buckets: bucketsOf(limit),
    ...(budget === undefined ? {} : { budget }),
  };
}

/** `burst` belongs to rps; only a limit without rps gives it to rpm. */
export function bucketsOf({ rps, rpm, burst }: Pick<Limit, 'rps' | 'rpm' | 'burst'>): readonly Bucket[] {
  const buckets: Bucket[] = [];
  if (rps !== undefined) buckets.push(bucket('rps', SECOND_US, rps, burst ?? rps));
  if (rpm !== undefined) {
    const tenth = Math.max(1, Math.floor(rpm / RPM_BURST_DIVISOR));
    buckets.push(bucket('rpm', MINUTE_US, rpm, rps === undefined ? (burst ?? tenth) : tenth));
  }
  return buckets;
}

/** Rounded up: a bucket is never faster than the document says. */
function bucket(window: Bucket['window'], windowUs: number, quota: number, burst: number): Bucket {
  const period_us = Math.ceil(windowUs / quota);
  return { window, period_us, tolerance_us: (burst - 1) * period_us };
}

/** Names that a receipt has to keep so that the verdict can be reached again. */
function queryNamesOf(matches: readonly (Match | undefined)[]): readonly string[] {
  const names = new Set<string>();
  for (const match of matches) {
    for (const name of match?.query?.absent ?? []) names.add(name);
    if (match?.methods || match?.path_prefixes) names.add(METHOD_PARAMETER);
  }
  return [...names].sort();
}
