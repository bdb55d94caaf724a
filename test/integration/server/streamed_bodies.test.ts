/**
 * Promise: a body that goes on while it is read is decided and recorded at its headers; it arrives byte for byte, and of one
 * with a mistake the destination sees only what stood before it. Nobody holds all of it.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/running.ts';
import { EVENT, MAX_BYTES, startWorld, type Told, WAYS, type World } from './streamed_world.ts';

const MIB = 1024 * 1024;
const PIECE_BYTES = 16_384;
const PADDING = 'x'.repeat(900);
const row = (n: number | string): string => JSON.stringify({ n, note: `é${PADDING}` });

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.stop());

/** Rows in one array, behind a member that nobody asks about. */
const asArray = (rows: readonly string[]): string => `{"title": "rows", "items": [${rows.join(',\n')}]}`;
const asLines = (rows: readonly string[]): string => `${rows.join('\n')}\n`;
const FORMATS = [
  { path: '/elements', bodyOf: asArray, type: 'application/json', pointer: (n: number) => `/items/${n}/n` },
  { path: '/lines', bodyOf: asLines, type: 'application/x-ndjson', pointer: (n: number) => `/${n}/n` },
] as const;

function* piecesOf(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += PIECE_BYTES) yield body.subarray(at, at + PIECE_BYTES);
}

/** Once the destination has so much of it, nobody can say that it was cut before it began. */
const arrived = (path: string, bytes: number) =>
  eventually(() => ((world.hit(path)?.bytes ?? 0) >= bytes ? true : undefined), `${bytes} bytes`, 60_000);

async function* slowly(path: string, body: Buffer): AsyncGenerator<Buffer> {
  const half = body.length / 2;
  yield* piecesOf(body.subarray(0, half));
  await arrived(path, Math.floor(half));
  yield* piecesOf(body.subarray(half));
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
/** As records have it: what was found of the request that has this receipt. */
function recorded(receipt: string | undefined) {
  const all = world.records();
  return {
    decisions: all.filter((one) => one['type'] === 'decision' && one['receipt_id'] === receipt),
    outcome: all.find((one) => one['type'] === 'outcome' && one['decision_ref'] === receipt),
    inspections: all.filter((one) => one['type'] === 'inspection' && one['decision_ref'] === receipt),
  };
}

async function ended(told: Told) {
  return await eventually(() => {
    const found = recorded(told.receipt);
    return found.inspections.length > 0 ? found : undefined;
  }, 'the end of the body on record');
}

for (const { path: place, bodyOf, type, pointer } of FORMATS) {
  for (const way of WAYS) {
    test(`${place}, ${way}: a good body arrives byte for byte`, async () => {
      const path = `${place}/good/${way}`;
      const body = Buffer.from(bodyOf(Array.from({ length: 1_000 }, (_, n) => row(n))));
      const told = await world.send(way, path, piecesOf(body), { 'content-type': type });
      assert.equal(told.status, 200, told.body);
      assert.equal(world.hit(path)?.digest, sha256(body));
      const { decisions, inspections } = await ended(told);
      assert.equal(decisions.length, 1);
      assert.deepEqual([decisions[0]?.['verdict'], stateOf(decisions[0])], ['allow', 'streamed']);
      assert.deepEqual(
        inspections.map((one) => [one['part'], one['state'], one['bytes_in'], one['digest_out']]),
        [['request', 'complete', body.length, sha256(body)]],
      );
    });

    test(`${place}, ${way}: of a body with a mistake goes on what stood before it`, async () => {
      const path = `${place}/bad/${way}`;
      const rows = Array.from({ length: 1_000 }, (_, n) => row(n === 700 ? 'seven hundred' : n));
      const body = Buffer.from(bodyOf(rows));
      const mistake = body.indexOf('seven hundred');
      const told = await world.send(way, path, slowly(path, body), { 'content-type': type });
      assert.equal(told.status, 422, told.body);
      assert.equal(JSON.parse(told.body).code, 'BODY_INVALID');
      const { decisions, inspections } = await ended(told);
      assert.deepEqual([decisions[0]?.['verdict'], stateOf(decisions[0])], ['allow', 'streamed']);
      assert.equal(inspections.length, 1);
      const [cut] = inspections;
      assert.deepEqual([cut?.['part'], cut?.['state']], ['request', 'policy_cut']);
      const problem = cut?.['problem'] as Record<string, unknown>;
      assert.equal(problem['pointer'], pointer(700));
      const hit = world.hit(path);
      const seen = Buffer.concat(hit?.kept ?? []);
      assert.equal(hit?.digest, undefined, 'the destination saw an end');
      assert.ok(
        seen.length >= Math.floor(body.length / 2) && seen.length < mistake,
        `${seen.length} of ${mistake} bytes went on`,
      );
      assert.ok(body.subarray(0, seen.length).equals(seen), 'what went on is what stood before');
      assert.equal(cut?.['digest_out'], sha256(body.subarray(0, Number(cut?.['bytes_out']))));
      assert.ok(Number(cut?.['bytes_out']) >= seen.length, 'more went on than is on record');
      const outcome = await eventually(() => recorded(told.receipt).outcome, 'what became of it');
      assert.deepEqual([outcome['state'], outcome['cause']], ['completed', 'request_cut']);
    });
  }
}

test('a body with a length that is small enough is read as a whole first', async () => {
  const body = Buffer.from(asArray([row(1), row('two')]));
  const length = { 'content-length': String(body.length) };
  const told = await world.send('proxy', '/elements/whole', [body], length);
  assert.equal(told.status, 422, told.body);
  assert.equal(JSON.parse(told.body).code, 'SCHEMA_INVALID');
  assert.equal(world.hit('/elements/whole'), undefined);
});

test('64 MiB go on as they come, and nobody holds them', { timeout: 400_000 }, async () => {
  const path = '/elements/large';
  const pid = world.running.childPid('gateway');
  const before = peakMib(pid);
  const hash = createHash('sha256');
  async function* pieces(): AsyncGenerator<Buffer> {
    const block = Buffer.from(
      `${Array.from({ length: 64 }, () => row(1).replace(PADDING, 'y'.repeat(16_000))).join(',')},`,
    );
    let sent = 0;
    const told = (piece: Buffer): Buffer => {
      hash.update(piece);
      sent += piece.length;
      return piece;
    };
    yield told(Buffer.from('{"items": ['));
    for (let goal = 8 * MIB; goal <= 64 * MIB; goal += 8 * MIB) {
      while (sent < goal) yield told(block);
      // Nothing more is said before all of it is at the destination: held by anybody, it would not be.
      await arrived(path, sent);
    }
    yield told(Buffer.from(`${row(2)}]}`));
  }
  const told = await world.send('proxy', path, pieces());
  assert.equal(told.status, 200, told.body);
  assert.equal(world.hit(path)?.digest, hash.digest('hex'));
  const grown = peakMib(pid) - before;
  assert.ok(grown < 64, `the gateway grew by ${grown} MiB`);
});

test('lines without a length are held where no rule says that they may go on', async () => {
  const type = { 'content-type': 'application/x-ndjson' };
  const good = await world.send('inside', '/short/good', piecesOf(Buffer.from(asLines([row(1)]))), type);
  assert.equal(good.status, 200, good.body);
  assert.equal(stateOf(recorded(good.receipt).decisions[0]), 'complete');
  const bad = await world.send('inside', '/short/bad', piecesOf(Buffer.from(asLines([row('one')]))), type);
  assert.equal(JSON.parse(bad.body).code, 'SCHEMA_INVALID');
});

const LONG = Array.from({ length: 200 }, (_, n) => row(n));
const BEHIND = `${asArray(LONG).slice(0, MAX_BYTES + 1_000)}} no JSON at all`;
const PREFIXES: readonly (readonly [name: string, body: string, framing: 'chunked' | 'length'])[] = [
  ['long', asArray(LONG), 'chunked'],
  ['measured', asArray(LONG), 'length'],
  ['no JSON behind', BEHIND, 'chunked'],
  ['more than is held', asArray([`{"n": 1, "note": "${'z'.repeat(17 * MIB)}"}`]), 'length'],
];
for (const [name, text, framing] of PREFIXES)
  test(`scan_prefix, ${name}: what is beyond the limit goes on unread`, async () => {
    const body = Buffer.from(text);
    const path = `/prefix/${name.replaceAll(' ', '-')}`;
    const length = framing === 'length' ? { 'content-length': String(body.length) } : {};
    const told = await world.send('proxy', path, piecesOf(body), length);
    assert.equal(told.status, 200, told.body);
    assert.equal(world.hit(path)?.digest, sha256(body));
    assert.equal(stateOf(recorded(told.receipt).decisions[0]), 'streamed');
  });

test('scan_prefix: a mistake in the beginning is refused', async () => {
  const body = Buffer.from(`{"a": tru}${asArray(LONG)}`);
  const told = await world.send('proxy', '/prefix/before', piecesOf(body));
  assert.equal(JSON.parse(told.body).code, 'BODY_INVALID');
  assert.equal(world.hit('/prefix/before'), undefined);
});

test('the answer to a call of a tool is cut with an error that names the call', async () => {
  const call = { jsonrpc: '2.0', id: 41, method: 'tools/call', params: { name: 'search' } };
  const body = Buffer.from(JSON.stringify(call));
  const told = await world.send('inside', '/mcp', [body], { 'content-length': String(body.length) });
  assert.equal(told.status, 200, told.body);
  const events = told.body.split('\n\n').filter((event) => event !== '');
  assert.equal(events.length, 2, told.body);
  const error = JSON.parse(/^data: (.*)$/m.exec(events[1] ?? '')?.[1] ?? '{}');
  assert.equal(error.id, 41);
  assert.equal(error.error.data.reason, 'ANSWER_SCHEMA');
});

test('when everything stops, answers end where they can, others are cut, and both is on record', async () => {
  const listen = (path: string) => {
    let heard: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const length = { 'content-length': '0' };
    return { begun, told: world.send('proxy', path, [], length, () => heard()) };
  };
  const [soon, never] = [listen('/events/soon'), listen('/events/never')];
  await Promise.all([soon.begun, never.begun]);
  const stopped = world.running.stop();
  setTimeout(() => world.hit('/events/soon')?.finish?.(), 200);
  const [whole, cut] = await Promise.all([soon.told, never.told, stopped]);
  assert.deepEqual([whole.body, whole.isCut], [EVENT + EVENT, undefined]);
  assert.deepEqual([cut.body, cut.isCut], [EVENT, true]);
  const statesOf = (receipt: string | undefined) =>
    recorded(receipt)
      .inspections.map((one) => one['state'])
      .filter((state) => state !== 'mark');
  assert.deepEqual(statesOf(whole.receipt), ['complete']);
  // Nobody tells the gateway who broke off.
  assert.deepEqual(statesOf(cut.receipt), ['client_abort']);
});

function stateOf(decision: Readonly<Record<string, unknown>> | undefined): unknown {
  return (decision?.['request'] as Record<string, unknown> | undefined)?.['body_state'];
}

/** The most memory that a process ever had. */
function peakMib(pid: number): number {
  const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
