/**
 * Promise: what the upstream saw is what the decision record says, or nothing arrived; no request is at the upstream
 * without an allow record of its own. Every vector goes over a raw connection to the real `clawgress up`; the judges
 * are a strict reader of raw bytes at the upstream and a naive reader of the journal.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import type { RawHit } from './raw_upstream.ts';
import { bytesOf, families, fill, type HostileCase } from './vectors.ts';
import { type Attack, startWorld, type World } from './world.ts';

const PARALLEL = 6;
const statuses = (answer: string): (number | 'closed')[] => {
  // An answer to HEAD, or a body that quotes a status line, does not occur in these vectors.
  const found = [...answer.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]));
  return found.length === 0 ? ['closed'] : found;
};
const header = (hit: RawHit, name: string) => hit.headers.find(([key]) => key === name)?.[1];
const verdictOf = ({ verdict, reason, rule_id }: NaiveRecord): string =>
  verdict === 'allow' ? `allow ${rule_id}` : `deny ${reason}`;

describe('hostile input through the real Envoy', () => {
  let world: World;
  let journal: readonly NaiveRecord[];
  const attacks = new Map<HostileCase, Attack>();
  const table = families();

  before(async () => {
    world = await startWorld();
    const waiting = [...table.values()].flatMap(({ cases }) => cases);
    const worker = async (): Promise<void> => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
        attacks.set(one, await world.attack(one.port ?? 'explicit', bytesOf(one, world.values), isDue(one)));
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    journal = await world.journal();
  });
  after(() => world.stop());

  const decisionsOf = ({ source }: Attack, records = journal): NaiveRecord[] =>
    records.filter(
      (record) => record['type'] === 'decision' && String(record['source']).startsWith(`${source}:`),
    );
  const hitsOf = (decisions: readonly NaiveRecord[]): RawHit[] => {
    const ids = new Set(decisions.map((decision) => decision['request_id']));
    return world.upstream.hits().filter((hit) => ids.has(header(hit, 'x-request-id')));
  };
  const filled = (text: string): string => fill(text, world.values);
  /** Whether an answer, a decision or a request at the upstream is still to come, while the client is silent. */
  const isDue = (one: HostileCase) => (attack: Attack) => {
    const numbers = (list: readonly (number | 'closed')[]) =>
      list.filter((status) => status !== 'closed').length;
    if (numbers(statuses(attack.answer)) < numbers(one.status ?? [])) return true;
    const decisions = decisionsOf(attack, world.records());
    if (decisions.length < one.decisions.length) return true;
    return one.upstream_may_miss === undefined && hitsOf(decisions).length < one.upstream.length;
  };

  for (const [family, { about, cases }] of table) {
    describe(`${family}: ${about}`, () => {
      for (const one of cases) {
        it(one.name, () => {
          const attack = attacks.get(one) ?? assert.fail('not sent');
          const decisions = decisionsOf(attack);
          const hits = hitsOf(decisions);
          // Streams of one HTTP/2 connection are judged at once.
          const ordered = (list: readonly string[]) => (one.h2 ? [...list].sort() : list);
          const upstream = hits.map(({ method, target }) => `${method} ${target}`);
          const expected = one.upstream_may_miss && hits.length === 0 ? [] : one.upstream.map(filled);
          assert.deepEqual(
            {
              status: one.h2 ? undefined : statuses(attack.answer),
              decisions: ordered(decisions.map(verdictOf)),
              upstream,
            },
            { status: one.status, decisions: ordered(one.decisions), upstream: expected },
          );
          const seen = hits.flatMap(({ headers }) =>
            headers.flatMap(([key, value]) => [key, `${key}: ${value}`]),
          );
          for (const lacked of one.upstream_lacks ?? []) assert.ok(!seen.includes(filled(lacked)), lacked);
          for (const lacked of one.answer_lacks ?? []) assert.ok(!attack.answer.includes(lacked), lacked);
          for (const had of one.upstream_has ?? []) assert.ok(seen.includes(filled(had)), `${had}: ${seen}`);
        });
      }
    });
  }

  it('reads strictly at the upstream, whatever was sent', () => {
    assert.deepEqual(world.upstream.violations(), []);
  });

  it('never shows the upstream a request without an allow record of its own, nor another one', () => {
    const allowed = new Map(
      journal
        .filter(({ type, verdict }) => type === 'decision' && verdict === 'allow')
        .map((record) => [record['request_id'], record]),
    );
    const seen = new Set<string>();
    assert.ok(world.upstream.hits().length > 20);
    for (const hit of world.upstream.hits()) {
      const id = header(hit, 'x-request-id') ?? assert.fail(`no request id: ${hit.method} ${hit.target}`);
      const record = allowed.get(id) ?? assert.fail(`no allow record: ${hit.method} ${hit.target}`);
      assert.ok(!seen.has(id), `sent twice: ${hit.method} ${hit.target}`);
      seen.add(id);
      const { request } = record;
      const path = hit.target.replace(/\?.*$/s, '');
      assert.equal(hit.method, request.method);
      if (record['rule_id'] !== 'tidy') assert.equal(path, request.path, 'the judged path is the sent path');
      else assert.doesNotMatch(path, /\/\/|\/\.|\\|%2f|%5c/i, 'the sent path is a normal one');
      assert.equal(header(hit, 'host'), `${request.authority}:${request.port}`);
      assert.equal(hit.secure, request.scheme === 'https');
    }
  });

  it('never shows the upstream a credential or a header of ours', () => {
    for (const hit of world.upstream.hits()) {
      for (const [name, value] of hit.headers) {
        assert.doesNotMatch(name, /^(x-clawgress-|x-cg-|x-envoy-|proxy-|x-forwarded-)/);
        assert.ok(!value.includes('cgk_'), name);
      }
    }
  });
});
