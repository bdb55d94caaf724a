/**
 * Promises of several gateways where the body decides: a Check and its body may come to different ones; kill a gateway, or
 * the recorder, in the middle of bodies and of streamed answers, and each request still has exactly one decision, nothing
 * arrives without one, and nobody else is harmed. A gateway that is drained costs no request and cuts no stream.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { bodiesAreHeld } from '../../support/held_bodies.ts';
import { eventually } from '../../support/running.ts';
import { drain, gatewayPid } from '../../support/several_gateways.ts';
import { USAGE } from './upstream.ts';
import { type Half, KINDS, type Kind, type Sent, startWorld, type World } from './world.ts';

const MIB = 1_048_576;
/** Of both gateways together; one agent may take a quarter of each half. */
const ROOM = 128 * MIB;
const BOTH = ['gateway-1', 'gateway-2'];
/** Until the reader of the log takes a held request for one that nobody looks at any more, and some. */
const FORSAKEN_MS = 90_000;
/** By then whoever waited for a body has denied it; the reader of the log would take longer. */
const WAITED_MS = 20_000;

let world: World;
/** Their gateway was killed. */
const forsaken: Half[] = [];

before(async () => {
  // A Check may wait for the disk of a busy machine: no request is to be lost to that.
  world = await startWorld(`inspect: {bytes_max: ${ROOM}}\ncheck_timeout_ms: 5000\n`);
});
after(async () => {
  await world?.close();
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const halves = (count: number) => Array.from({ length: count }, () => world.half());
const slowChats = (count: number, gapMs: number) =>
  Array.from({ length: count }, () => world.send('chat', { gapMs }));
/** Answers that have begun: of each, some has come. */
async function midChats(count: number, gapMs: number): Promise<readonly Promise<Sent>[]> {
  const begun: Promise<unknown>[] = [];
  const talking = Array.from({ length: count }, () => {
    let heard: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const sent = world.send('chat', { gapMs, heard });
    begun.push(Promise.race([first, sent]));
    return sent;
  });
  await Promise.all(begun);
  return talking;
}
const EXPECTED: Readonly<Record<Kind, number>> = {
  fits: 200,
  breaks: 422,
  mended: 200,
  chat: 200,
  elsewhere: 403,
};
const isServed = ({ kind, status, isWhole }: Sent) => status === EXPECTED[kind] && isWhole;
const unserved = (sent: readonly Sent[]) =>
  sent.filter((one) => !isServed(one)).map(({ kind, status, code }) => `${kind} ${status} ${code ?? ''}`);

/** By process. */
async function metric(pattern: RegExp): Promise<Map<string, number>> {
  const text = await (await fetch(world.running.endpoints.metrics)).text();
  const sums = new Map<string, number>();
  for (const line of text.split('\n').filter((one) => pattern.test(one))) {
    const [, process = '', value = '0'] = /process="([^"]+)".* (\d+)$/.exec(line) ?? [];
    sums.set(process, (sums.get(process) ?? 0) + Number(value));
  }
  return sums;
}

/** So many bodies are waited for. */
const waited = (count: number) => bodiesAreHeld(world.running, count);

function decisionsOf(of: readonly Half[]) {
  const decided = world.decisions();
  return of.flatMap(({ nonce }) => decided.get(nonce) ?? []);
}

/** Each has one decision, a denial for the body that never came. */
async function requireNeverCame(of: readonly Half[], ms?: number): Promise<void> {
  const found = () => of.map(({ nonce }) => world.decisions().get(nonce) ?? []);
  await eventually(() => (found().every((own) => own.length > 0) ? true : undefined), 'their denials', ms);
  for (const own of found())
    assert.deepEqual(
      own.map(({ reason }) => reason),
      ['BODY_NOT_COMPLETED'],
    );
}

/** The gateway that answered the one Check that was held meanwhile, and what was sent. */
async function heldBy(kind: Kind): Promise<{ readonly by: string | undefined; readonly one: Sent }> {
  const checks = /^clawgress_checks_total\{.*verdict="held"/;
  const before = await metric(checks);
  const one = await world.send(kind);
  const after = await metric(checks);
  return { by: BOTH.find((name) => (after.get(name) ?? 0) > (before.get(name) ?? 0)), one };
}

it('a ticket is good at the gateway that did not write it', { timeout: 400_000 }, async () => {
  const crossed: Sent[] = [];
  for (const kind of KINDS) {
    let attempts = 0;
    await eventually(async () => {
      // Checks and bodies take turns among the gateways, each for themselves; this is a Check without a body.
      if (attempts++ % 2 === 1) await world.send('elsewhere');
      const { by, one } = await heldBy(kind);
      assert.ok(isServed(one), `${kind} ${one.status} ${one.body}`);
      const [decision, ...more] = world.decisions().get(one.nonce) ?? [];
      assert.equal(more.length, 0);
      if (by === undefined || decision?.['gateway_id'] === by) return undefined;
      crossed.push(one);
      return true;
    }, `a body that comes to another gateway than its Check: ${kind}`);
  }
  world.requireJoin(crossed);
  const [fits, , mended, chat] = crossed;
  const sentOn = (one?: Sent) =>
    world.upstream.hits.find(({ path }) => path.endsWith(one?.nonce ?? '?'))?.body;
  assert.equal(sentOn(fits), '{"amount": 5}');
  assert.deepEqual(JSON.parse(sentOn(mended) ?? ''), { amount: 5 });
  const end = world
    .records()
    .find(({ type, decision_ref }) => type === 'inspection' && decision_ref === chat?.receipt);
  assert.deepEqual(
    [end?.['state'], end?.['format'], end?.['settled']?.[0]?.settled],
    ['complete', 'sse', USAGE.total_tokens],
  );
});

it('a body that never comes is denied by whoever waited for it, and nobody else is harmed', async () => {
  const left = halves(12);
  await waited(12);
  for (const { leave } of left) leave();
  const sent = await world.drive(24);
  await requireNeverCame(left, WAITED_MS);
  assert.deepEqual(unserved(sent), []);
  const by = decisionsOf(left).map(({ gateway_id }) => gateway_id);
  assert.deepEqual([...new Set(by)].sort(), BOTH);
});

it('the room for bodies is shared by the gateways', { timeout: 400_000 }, async () => {
  const big = Array.from({ length: 6 }, () => world.half(12 * MIB));
  const refused = await eventually(async () => {
    const said = decisionsOf(big).map(({ reason }) => reason);
    return said.length >= 4 ? said : undefined;
  }, 'those that there is no room for');
  assert.deepEqual(new Set(refused), new Set(['INSPECT_BUSY']));
  const held = await metric(/^clawgress_inspection_bytes\{/);
  for (const bytes of held.values())
    assert.ok(bytes <= ROOM / 8, `${bytes} bytes for one agent at one gateway`);
  const isIn = ({ nonce }: Half) => world.decisions().get(nonce) === undefined;
  const admitted = big.filter(isIn);
  for (const { leave } of big) leave();
  await requireNeverCame(admitted, WAITED_MS);
});

it('killing a gateway harms only what it was busy with', { timeout: 400_000 }, async () => {
  const waiting = halves(8);
  await waited(8);
  const talking = await midChats(8, 1_500);
  const killed_ms = performance.now();
  process.kill(gatewayPid(world.running, 1), 'SIGKILL');
  const sent = await world.drive(300);
  const lost = unserved(sent.filter(({ begun_ms }) => begun_ms > killed_ms));
  assert.ok(lost.length <= 1, `${lost.length} of 300 later requests: ${lost.join(', ')}`);
  const talked = await Promise.all(talking);
  const cut = talked.filter(({ isWhole }) => !isWhole);
  assert.ok(cut.length > 0 && cut.length < talked.length, `${cut.length} streams were cut`);
  for (const { body } of cut) assert.ok(!body.includes('[DONE]'), 'no end was told of what nobody read');
  for (const { body } of talked.filter(({ isWhole }) => isWhole))
    assert.ok(body.endsWith('[DONE]\n\n'), body);
  const answered = await Promise.all(
    waiting.map(({ status }) => Promise.race([status, pause(50).then(() => undefined)])),
  );
  const dead = waiting.filter((_, i) => answered[i] !== undefined);
  assert.deepEqual(new Set(answered), new Set([503, undefined]), 'told at once, or still waited for');
  forsaken.push(...dead);
  const alive = waiting.filter((one) => !dead.includes(one));
  for (const { leave } of alive) leave();
  await requireNeverCame(alive, WAITED_MS);
  world.requireJoin([...sent, ...talked]);
  await world.allServe();
});

it('a gateway that is drained loses no request and cuts no stream', { timeout: 400_000 }, async () => {
  const talking = slowChats(8, 2_200);
  const sent = await world.drive(300, new Map([[50, () => drain(world.running, 1)]]));
  assert.deepEqual(unserved(sent), []);
  const talked = await Promise.all(talking);
  assert.deepEqual(unserved(talked), []);
  world.requireJoin([...sent, ...talked]);
  await world.allServe();
});

it('what a killed gateway was waiting for is denied by the reader of the log', {
  timeout: 400_000,
}, async () => {
  assert.ok(forsaken.length > 0, 'some were waited for by the one that was killed');
  await requireNeverCame(forsaken, FORSAKEN_MS);
});

it('killing the recorder lets nothing through and leaves nothing open', { timeout: 400_000 }, async () => {
  const [waiting, gone, talking] = [halves(6), halves(6), slowChats(6, 200)];
  await waited(12);
  process.kill(world.running.childPid('recorder'), 'SIGKILL');
  for (const { leave } of gone) leave();
  const sent = await world.drive(120);
  const statuses = new Set(sent.map(({ status }) => status));
  assert.ok(statuses.has(503), 'there was a moment without recorder');
  for (const status of statuses) assert.ok([200, 422, 503, 0].includes(status), `status ${status}`);
  const talked = await Promise.all(talking);
  await world.allServe();
  for (const { leave } of waiting) leave();
  await requireNeverCame(waiting, WAITED_MS);
  await requireNeverCame(gone, FORSAKEN_MS);
  const later = await world.drive(40);
  assert.deepEqual(unserved(later), []);
  world.requireJoin([...sent, ...talked, ...later]);
});

it('all of it replays, and ends that are missing are counted', { timeout: 400_000 }, async () => {
  const { running } = world;
  const allowed = () =>
    world.records().filter(({ type, verdict }) => type === 'decision' && verdict === 'allow');
  await eventually(() => {
    const closed = new Set(
      world.records().map(({ type, decision_ref }) => (type === 'outcome' ? decision_ref : '')),
    );
    return allowed().every(({ receipt_id }) => closed.has(receipt_id)) || undefined;
  }, 'an outcome for each');
  const zip = join(running.stateDir, 'evidence.zip');
  await world.cli('export', '--state-dir', running.stateDir, '-o', zip);
  assert.match(await world.cli('replay', zip), / 0 differences/);
  const report = JSON.parse(
    await world.cli('verify', zip, '--trust', running.endpoints.public_keys, '--json'),
  );
  // What the bundle holds: an end may have been recorded since.
  const exported = world.records().slice(0, report.population.records);
  const ended = new Set(
    exported.flatMap(({ type, part, state, decision_ref }) =>
      type === 'inspection' && part === 'response' && state !== 'mark' ? [decision_ref] : [],
    ),
  );
  const neverAsked = new Set(
    exported.flatMap(({ state, decision_ref }) => (state === 'not_sent' ? [decision_ref] : [])),
  );
  const without = exported.filter(
    ({ type, verdict, receipt_id, request }) =>
      type === 'decision' &&
      verdict === 'allow' &&
      request.path?.startsWith('/chat/') &&
      !ended.has(receipt_id) &&
      !neverAsked.has(receipt_id),
  );
  assert.ok(without.length > 0, 'a gateway was killed in the middle of answers');
  assert.equal(report.population.answers_without_end, without.length);
});
