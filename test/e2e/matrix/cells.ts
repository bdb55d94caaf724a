/** The tests of matrix.test.ts, in a network of their own where there is one. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import { eventually } from '../../support/running.ts';
import { askByCurl, type Seen } from './curl.ts';
import { assertStream, assertTrue, decisionsOf, hitsOf, told } from './evidence.ts';
import { type Asker, placesOf, seenIn, startAsker } from './names_asked.ts';
import { DISAGREEMENTS } from './names_table.ts';
import { hostOf } from './policy.ts';
import { programs } from './programs.ts';
import { askWhileDown } from './service_down.ts';
import type { StreamSeen } from './stream_client.ts';
import { seenBy, sees, streamHost, streams } from './streams.ts';
import {
  ASKS,
  type Ask,
  asksOf,
  STREAM_CLIENTS,
  type StreamClient,
  type Streamed,
  streamWays,
} from './streams_table.ts';
import {
  CELLS,
  isGap,
  keysOf,
  MODES,
  type Mode,
  type NotApplicable,
  PROGRAM_CELLS,
  PROGRAMS,
  type Program,
  type Ran,
  VERDICTS,
  type Verdict,
} from './table.ts';
import { type MatrixWorld, startMatrix } from './world.ts';

/** Most of a cell is waiting for the outcome, which Envoy's log tells. */
const CURLS = 8;
const PROGRAMS_AT_ONCE = 4;
/** A request without a decision is counted when none can come any more, which takes half a minute. */
const GAPS_MS = 180_000;
/** Those of a connection that a client gave up in its handshake, where nobody is known before a request. */
const GIVEN_UP = ['tls_client_distrust', 'tls_failed', 'client_left'];

describe('modes, verdicts and clients', { timeout: 1_100_000 }, () => {
  let world: MatrixWorld;
  /** Receipts of the decisions that some cell has accounted for. */
  const accounted = new Set<string>();
  before(async () => {
    world = await startMatrix();
  });
  after(async () => await world?.close());

  const skipped = (mode: Mode) =>
    MODES[mode].entry === 'redirected' && world.unredirected !== undefined
      ? `SKIPPED: ${world.unredirected}`
      : undefined;
  const judge = async (mode: Mode, verdict: Verdict, cell: Ran, seen: Seen, since = 0, hitsBefore = 0) => {
    const host = hostOf(mode, verdict);
    const decisions = decisionsOf(world, { host, receipts: seen.receipts, since });
    const records = await Promise.all(decisions.map((one) => told(world, one)));
    const hits = hitsOf(world, mode, host, hitsBefore);
    assert.deepEqual({ answer: seen.answer, records, hits }, { ...cell }, seen.out.slice(-2_000));
    const agent = verdict === 'anonymous' ? undefined : world.agent(verdict === 'limited').agent_id;
    assertTrue(mode, decisions, { agent, host: verdict === 'oversize' ? undefined : host });
    for (const { receipt_id } of decisionsOf(world, { host, receipts: seen.receipts }))
      accounted.add(receipt_id);
  };

  const judgeStream = async (
    mode: Mode,
    client: StreamClient,
    ask: Ask,
    cell: Streamed,
    seen: StreamSeen,
  ) => {
    const host = streamHost(mode, client, ask);
    const decisions = decisionsOf(world, { host });
    for (const { receipt_id } of decisions) accounted.add(receipt_id);
    const last = decisions.findLast(({ request }) => request.protocol !== 'connect');
    assert.ok(last, `${ask}: recorded`);
    const record = await told(world, last);
    const judged = { ask, sees: seenBy(client, seen), record, hits: hitsOf(world, mode, host) };
    const expected = { ask, sees: sees(client, cell), record: cell.record, hits: cell.hits };
    assert.deepEqual(judged, expected, JSON.stringify(seen));
    assertTrue(mode, decisions, { agent: world.agent(false).agent_id, host });
    assertStream(world, client, ask, last, seen);
  };

  describe('curl', { concurrency: CURLS }, () => {
    for (const [mode, verdict] of cells()) {
      const cell = CELLS[mode][verdict];
      if (verdict === 'service-down' || 'because' in cell) continue;
      it(`${MODES[mode].title}, ${verdict}: ${cell.answer}`, async (t) => {
        const reason = skipped(mode);
        if (reason !== undefined) return t.skip(reason);
        if (verdict === 'limited') {
          const first = await askByCurl(world, mode, verdict);
          assert.match(first.answer, /\b200$/, first.out);
        }
        const [since, hits] = [world.records().length, world.upstream.hits().length];
        await judge(mode, verdict, cell, await askByCurl(world, mode, verdict), since, hits);
      });
    }
  });

  describe('programs', { concurrency: PROGRAMS_AT_ONCE }, () => {
    for (const [mode, program] of programCells())
      it(`${MODES[mode].title}: ${PROGRAMS[program]}`, async (t) => {
        const reason = skipped(mode);
        if (reason !== undefined) return t.skip(reason);
        const ask = programs(world)[program];
        if ('missing' in ask) return t.skip(`SKIPPED: ${ask.missing}`);
        const host = hostOf(mode, program);
        await ask.run(mode, host);
        const decisions = decisionsOf(world, { host });
        for (const one of decisions) assert.equal(await told(world, one), 'allow POLICY_ALLOW completed');
        assertTrue(mode, decisions, { agent: world.agent(false).agent_id, host });
        const hits = hitsOf(world, mode, host);
        assert.ok(hits > 0 && decisions.length > 0, 'the destination saw it, and it was recorded');
        const { tunnel } = MODES[mode];
        const judged = decisions.filter(({ request }) => request.protocol !== 'connect').length;
        assert.equal(judged, tunnel === 'passthrough' || tunnel === 'raw' ? 0 : hits);
        for (const { receipt_id } of decisions) accounted.add(receipt_id);
      });
  });

  describe('streams', { concurrency: PROGRAMS_AT_ONCE }, () => {
    for (const [mode, client] of streamWays())
      it(`${MODES[mode].title}: ${STREAM_CLIENTS[client].title}`, async (t) => {
        const reason = skipped(mode);
        if (reason !== undefined) return t.skip(reason);
        const cells = asksOf(client);
        const asks = cells.map(([ask]) => ask);
        const seen = await streams(world, mode, client, asks);
        if (seen === undefined) return t.skip('SKIPPED: no Python with the clients');
        for (const [index, [ask, cell]] of cells.entries()) {
          const one = seen[index];
          assert.ok(one, 'the client told');
          await judgeStream(mode, client, ask, cell, one);
        }
      });
  });

  describe('names that disagree', () => {
    let asker: Asker;
    before(() => {
      asker = startAsker(world);
    });
    after(async () => await asker?.close());
    // One after the other: whatever is recorded meanwhile was recorded for it.
    for (const { mode, says, ask, sees: answer, records, arrives, cause } of DISAGREEMENTS)
      it(`${MODES[mode].title}: ${says}`, async (t) => {
        const reason = skipped(mode);
        if (reason !== undefined) return t.skip(reason);
        const places = placesOf(world, mode);
        const [since, before] = [world.records().length, world.upstream.hits().length];
        const seen = await asker.ask(mode, ask(places));
        const decisions = world
          .records()
          .slice(since)
          .filter((one) => one['type'] === 'decision' && spareMode(one) === undefined);
        for (const { receipt_id } of decisions) accounted.add(receipt_id);
        const hosts = world.upstream
          .hits()
          .slice(before)
          .map(({ host }) => host);
        assert.deepEqual(
          {
            sees: seenIn(mode, seen),
            records: decisions.map(({ verdict, reason }) => `${verdict} ${reason}`),
            hosts,
          },
          { sees: answer, records, hosts: arrives ? [places[arrives]] : [] },
          seen.text.slice(0, 1_000),
        );
        const [first] = decisions;
        if (cause !== undefined && first !== undefined)
          assert.match(await told(world, first), new RegExp(` ${cause}$`));
      });
  });

  describe('the gateway does not answer', () => {
    let seen: ReadonlyMap<Mode, Seen>;
    before(async () => {
      seen = await askWhileDown(world);
    });
    for (const mode of keysOf(MODES)) {
      const cell = CELLS[mode]['service-down'];
      if ('because' in cell) continue;
      it(`${MODES[mode].title}: ${cell.answer}`, async (t) => {
        const reason = skipped(mode);
        if (reason !== undefined) return t.skip(reason);
        const of = seen.get(mode);
        assert.ok(of, 'it was asked');
        await judge(mode, 'service-down', cell, of);
      });
    }
  });

  it('nothing else was recorded, and what was not judged is counted', async () => {
    const all = cells().filter(([mode]) => skipped(mode) === undefined);
    const unnamed = DISAGREEMENTS.filter(
      ({ mode, records }) => records.length === 0 && skipped(mode) === undefined,
    ).length;
    const expected = {
      ...expectedGaps(all.map(([mode, verdict]) => CELLS[mode][verdict])),
      ...(unnamed === 0 ? {} : { tls_name_refused: unnamed }),
    };
    const { givenUp, ...gaps } = await eventually(
      () => {
        const counted = gapsOf(world.records());
        return Object.entries(expected).every(([cause, count]) => (counted[cause] ?? 0) >= count)
          ? counted
          : undefined;
      },
      `${JSON.stringify(expected)} in gap records`,
      GAPS_MS,
    );
    assert.deepEqual(gaps, expected);
    const spare = streamWays().filter(([mode]) => mode === 'redirected-header').length * keysOf(ASKS).length;
    assert.ok((givenUp ?? 0) <= spare, `${givenUp} connections given up in their handshake`);

    const records = await eventually(() => settled(world.records()), 'the outcome of each allow');
    const decisions = records.filter(({ type }) => type === 'decision');
    const strays = decisions.filter(({ receipt_id }) => !accounted.has(receipt_id));
    for (const one of strays) {
      const mode = spareMode(one);
      assert.ok(mode, `nobody asked for ${JSON.stringify(one['request'])}`);
      assertTrue(mode, [one], { agent: world.agent(false).agent_id, host: one['request'].authority });
    }
    const closed = records.flatMap(({ decision_ref, type }) => (type === 'outcome' ? decision_ref : []));
    const allowed = decisions.flatMap(({ verdict, receipt_id }) => (verdict === 'allow' ? receipt_id : []));
    assert.deepEqual(
      closed.toSorted(),
      allowed.toSorted(),
      'one outcome for each allow, and for nothing else',
    );
    for (const [mode, verdict] of all) {
      const cell = CELLS[mode][verdict];
      if ('because' in cell) continue;
      // The request that used the limit up went through.
      const hits = cell.hits + (verdict === 'limited' ? 1 : 0);
      assert.equal(
        hitsOf(world, mode, hostOf(mode, verdict)),
        hits,
        `${mode}, ${verdict}: nothing came late`,
      );
    }
  });
});

const STREAM_HOSTS: ReadonlyMap<string, Mode> = new Map(
  streamWays().flatMap(([mode, client]) =>
    asksOf(client).map(([ask]) => [streamHost(mode, client, ask), mode] as const),
  ),
);

/**
 * Some clients connect twice to be faster, and leave one of the two at any time, so that it may be judged late. The way in
 * of such a connection; undefined: the decision is about something else.
 */
function spareMode({ request }: NaiveRecord): Mode | undefined {
  return request.protocol === 'connect' ? STREAM_HOSTS.get(request.authority) : undefined;
}

/** Once each allow has an outcome. */
function settled(records: readonly NaiveRecord[]): readonly NaiveRecord[] | undefined {
  const closed = new Set(records.map(({ type, decision_ref }) => type === 'outcome' && decision_ref));
  const isOpen = ({ type, verdict, receipt_id }: NaiveRecord) =>
    type === 'decision' && verdict === 'allow' && !closed.has(receipt_id);
  return records.some(isOpen) ? undefined : records;
}

/** By cause; what clients gave up by themselves as one number. */
function gapsOf(records: readonly NaiveRecord[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { lifecycle, counts } of records)
    for (const { cause, count } of lifecycle === 'gap' ? counts : []) {
      const name = GIVEN_UP.includes(cause) ? 'givenUp' : cause;
      sums[name] = (sums[name] ?? 0) + count;
    }
  return sums;
}

/** Of requests that no decision stands behind. */
function expectedGaps(all: readonly (Ran | NotApplicable)[]): Record<string, number> {
  const gaps = all.filter((cell): cell is Ran => !('because' in cell) && isGap(cell));
  const refused = gaps.filter(({ answer }) => answer.includes('REQUEST_REFUSED')).length;
  return { codec_error: refused, gateway_unavailable: gaps.length - refused };
}

function cells(): readonly (readonly [Mode, Verdict])[] {
  return keysOf(MODES).flatMap((mode) => keysOf(VERDICTS).map((verdict) => [mode, verdict] as const));
}

function programCells(): readonly (readonly [Mode, Program])[] {
  return keysOf(MODES).flatMap((mode) =>
    keysOf(PROGRAMS)
      .filter((program) => PROGRAM_CELLS[mode][program] === true)
      .map((program) => [mode, program] as const),
  );
}
