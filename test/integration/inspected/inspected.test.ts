/**
 * Promise: no body gets past its inspection. Every attempt goes over the wire to the real `clawgress up`, by the proxy, the
 * base URL, and HTTP/1.1 and HTTP/2 inside an intercepted tunnel. Judges are a strict reader of the bytes at the upstream
 * and a naive reader of the journal: what arrived is what was judged, or nothing did, and each request has one decision.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import { eventually } from '../../support/running.ts';
import type { RawHit } from '../hostile/raw_upstream.ts';
import { type Attempt, type Expected, WAYS, type Way } from './attempt.ts';
import { CALLS } from './attempts/calls.ts';
import { REQUESTS } from './attempts/requests.ts';
import { TEXTS } from './attempts/texts.ts';
import { TYPES } from './attempts/types.ts';
import { documentedAttempts } from './documented.ts';
import { SCENARIOS } from './scenarios.ts';
import type { Told } from './wire.ts';
import { type Sent, startWorld, type World } from './world.ts';

const PARALLEL = 6;
const STATUS: Readonly<Record<string, number>> = {
  BODY_INVALID: 422,
  BODY_TOO_LARGE: 413,
  BODY_TYPE_REFUSED: 415,
  BODY_NOT_COMPLETED: 408,
  SCHEMA_INVALID: 422,
  AI_UNREADABLE: 422,
  POLICY_DENY: 403,
  POLICY_NO_MATCH: 403,
  OVERRIDE_HEADER: 403,
  UPGRADE_NOT_ALLOWED: 403,
  UPGRADE_INVALID: 400,
};
const FAMILIES: Readonly<Record<string, readonly Attempt[]>> = {
  'what stands in the body': TEXTS,
  'what headers say of the body': TYPES,
  'calls of models, tools and agents': CALLS,
  'what stands around the body': REQUESTS,
};

interface One {
  readonly attempt: Attempt;
  readonly way: Way;
  readonly path: string;
}

const ALL: readonly One[] = Object.values(FAMILIES)
  .flat()
  .flatMap((attempt, index) =>
    (attempt.ways ?? WAYS).map((way) => ({
      ...{ attempt, way },
      path: `/${attempt.to}/n${index}-${way}${attempt.tail ?? ''}`,
    })),
  );

describe('attempts to get past an inspection', () => {
  let world: World;
  let decisions: readonly NaiveRecord[];
  const sent = new Map<One, Sent>();

  before(async () => {
    world = await startWorld();
    const waiting = [...ALL];
    const worker = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
        sent.set(one, await world.send(one.attempt, one.way, one.path));
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    decisions = await world.settled();
  });
  after(() => world.stop());

  for (const [family, attempts] of Object.entries(FAMILIES)) {
    describe(family, () => {
      for (const name of new Set(attempts.map((attempt) => attempt.name)))
        it(name, () => {
          for (const one of ALL.filter(({ attempt }) => attempt.name === name && attempts.includes(attempt)))
            assertAnswer(one, sent.get(one), decisions, world.hits(one.path.replace(/\?.*/, '')));
        });
    });
  }

  describe('conversations', () => {
    for (const { name, ways, run } of SCENARIOS)
      it(name, async () => {
        for (const way of ways) {
          const path = `/s${SCENARIOS.findIndex((one) => one.name === name)}-${way}`;
          const { told, expected } = await run(world, way, path);
          const of = () => ownOf(world.decisions(), told, (at) => at.includes(`${path}/`));
          const arrived = () =>
            world.upstream.hits().flatMap(({ target, body }) => (target.includes(`${path}/`) ? [body] : []));
          await eventually(() => {
            const isAll =
              of().length >= expected.decisions.length && arrived().length >= expected.upstream.length;
            return isAll ? true : undefined;
          }, `${name} ${way}`);
          await world.settled();
          assert.deepEqual(
            {
              told: told.map(({ status, code }) => code ?? status),
              decisions: of().map(verdictOf).sort(),
              upstream: arrived(),
            },
            { ...expected, told: expected.told ?? told.map(({ status, code }) => code ?? status) },
            way,
          );
        }
      });
  });

  it('shows the upstream nothing without a recorded allow, nothing twice, and no byte that was not judged', async () => {
    const allowed = new Map(
      (await world.settled())
        .filter(({ verdict }) => verdict === 'allow')
        .map((record) => [record['request_id'], record]),
    );
    const seen = new Set<unknown>();
    assert.deepEqual(world.upstream.violations(), []);
    for (const hit of world.upstream.hits()) {
      const id = hit.headers.find(([name]) => name === 'x-request-id')?.[1];
      const { request } = allowed.get(id) ?? assert.fail(`no allow: ${hit.method} ${hit.target}`);
      assert.ok(!seen.has(id), `sent twice: ${hit.target}`);
      seen.add(id);
      if (hit.target.startsWith('/plain')) continue;
      const { state, bytes, repair } = request.body ?? assert.fail(`nobody looked: ${hit.target}`);
      if (state === 'complete') assert.equal(hit.body.length, repair?.bytes ?? bytes, hit.target);
      for (const [header] of hit.headers)
        assert.doesNotMatch(header, /^(x-clawgress-|x-cg-|x-envoy-|proxy-)/);
    }
  });

  it('is replayed without a difference', () => {
    const { decisions: judged, different } = world.replayed();
    assert.ok(judged > ALL.length / 2, `only ${judged} were replayed`);
    assert.equal(different, 0);
  });

  it('is documented, attempt by attempt', () => {
    const names = [...Object.values(FAMILIES).flat(), ...SCENARIOS].map(({ name }) => name);
    assert.deepEqual(documentedAttempts(), [...new Set(names)]);
  });
});

function assertAnswer(
  one: One,
  sent: Sent | undefined,
  all: readonly NaiveRecord[],
  hits: readonly RawHit[],
): void {
  const { attempt, way, path } = one;
  const label = `${way} ${path} ${JSON.stringify(attempt.headers)} ${String(attempt.body).slice(0, 100)}`;
  const expected = attempt.differs?.[way] ?? attempt.expected;
  const [told] = sent?.told ?? [];
  const own = ownOf(all, [told], (at) => at === path.replace(/\?.*/, ''));
  assert.deepEqual(
    {
      decisions: own.map((record) => said(record, expected)),
      upstream: hits.map(({ body }) => body),
      told: toldOf(told, attempt, way, expected),
    },
    {
      decisions: expected === 'refused' ? [] : [expected],
      upstream:
        expected === 'sent' ? [Buffer.from(attempt.arrives ?? attempt.body ?? '').toString('latin1')] : [],
      told: expected,
    },
    label,
  );
}

/** A request that has no canonical form has no path on record: the answer names its decision. */
function ownOf(
  all: readonly NaiveRecord[],
  told: readonly (Told | undefined)[],
  isOwn: (path: string) => boolean,
): readonly NaiveRecord[] {
  const receipts = told.flatMap((one) => one?.receipt ?? []);
  return all.filter(({ request, receipt_id }) => isOwn(request?.path ?? '') || receipts.includes(receipt_id));
}

/** In the words of what is expected. */
function said(record: NaiveRecord, expected: Expected): string {
  if (record['verdict'] === 'allow') return 'sent';
  const body = record['request']?.body;
  const why = body?.problem?.code ?? body?.ai?.unknown_reason;
  return expected.includes(' ') ? `${record['reason']} ${why}` : record['reason'];
}

function toldOf(told: Told | undefined, attempt: Attempt, way: Way, expected: Expected): string {
  const [reason = ''] = expected.split(' ');
  const isBodiless = attempt.method === 'HEAD' || isGrpc(attempt);
  if (expected === 'sent')
    return told?.status === 200 || (isBodiless && way === 'inside_h2') ? 'sent' : JSON.stringify(told);
  if (expected === 'refused') return told === undefined || told.status !== 200 ? 'refused' : 'answered';
  if (isBodiless && way === 'inside_h2') return expected;
  if (isGrpc(attempt)) return told?.grpc !== undefined && told.grpc !== '0' ? expected : JSON.stringify(told);
  const isTold = told?.status === STATUS[reason] && (isBodiless || told?.code === reason);
  return isTold ? expected : JSON.stringify(told);
}

const verdictOf = ({ verdict, reason, rule_id }: NaiveRecord): string =>
  verdict === 'allow' ? `allow ${rule_id}` : `deny ${reason}`;
const isGrpc = ({ headers = [] }: Attempt): boolean =>
  headers.some(([name, value]) => name === 'content-type' && value.startsWith('application/grpc'));
