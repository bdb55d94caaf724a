/** The tests of matrix.test.ts, in a network of their own where there is one. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
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
/** A request without a decision is counted when none can come any more. */
const GAPS_MS = 40_000;

describe('modes, verdicts and clients', { timeout: 240_000 }, () => {
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
    // Some clients connect twice to be faster.
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
          .filter(({ type }) => type === 'decision');
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
    const decisions = world.records().filter(({ type }) => type === 'decision');
    const stray = decisions.filter(({ receipt_id }) => !accounted.has(receipt_id));
    assert.deepEqual(
      stray.map(({ request }) => request),
      [],
    );
    const closed = world.records().flatMap(({ decision_ref }) => decision_ref ?? []);
    const allowed = decisions.flatMap(({ verdict, receipt_id }) => (verdict === 'allow' ? receipt_id : []));
    assert.deepEqual(
      closed.toSorted(),
      allowed.toSorted(),
      'one outcome for each allow, and for nothing else',
    );
    const all = cells().filter(([mode]) => skipped(mode) === undefined);
    for (const [mode, verdict] of all) {
      const cell = CELLS[mode][verdict];
      if ('because' in cell) continue;
      // The request that used the limit up went through.
      const expected = cell.hits + (verdict === 'limited' ? 1 : 0);
      assert.equal(
        hitsOf(world, mode, hostOf(mode, verdict)),
        expected,
        `${mode}, ${verdict}: nothing came late`,
      );
    }
    const gaps = () =>
      world
        .records()
        .flatMap(({ lifecycle, counts }) => (lifecycle === 'gap' ? counts : []))
        .reduce((sum: number, { count }: { count: number }) => sum + count, 0);
    const unjudged = all.filter(([mode, verdict]) => {
      const cell = CELLS[mode][verdict];
      return !('because' in cell) && isGap(cell);
    }).length;
    const unnamed = DISAGREEMENTS.filter(
      ({ mode, records }) => records.length === 0 && skipped(mode) === undefined,
    ).length;
    const expected = unjudged + unnamed;
    await eventually(
      () => (gaps() >= expected ? true : undefined),
      `${expected} requests in gap records`,
      GAPS_MS,
    );
    assert.equal(gaps(), expected);
  });
});

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
