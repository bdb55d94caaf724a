import assert from 'node:assert/strict';
import { appendFileSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import type { Recorder } from '../../../src/recorder/recorder.ts';
import { type AccessLogTail, tailAccessLogs } from '../../../src/server/access_log.ts';
import {
  anonymousDenial,
  openWithPolicy,
  proposal,
  proposalOf,
  recordsOf,
  StateDirs,
} from '../recorder/workbench.ts';

/**
 * A world of one Envoy and one gateway in which everything may die at any moment. At its end every allow has exactly one
 * outcome, and every request that Envoy logged has exactly one decision or is counted in a gap record once.
 */
const states = new StateDirs();
afterEach(() => states.clean());

const iso = (ms: number) => new Date(ms).toISOString();

class World {
  #dir = states.create();
  #recorder: Recorder | undefined;
  #tail: AccessLogTail | undefined;
  #cut = { dead: false };
  #epoch = 0;
  #serial = 0;
  /** Request ids that Envoy logged. */
  readonly logged = new Set<string>();
  #unlogged: { id: string; receipt?: string; kind: string }[] = [];

  async start(): Promise<void> {
    if (this.#epoch === 0) this.newEnvoy();
    await this.#startGateway();
  }

  get #envoyDir(): string {
    return join(this.#dir, 'envoy');
  }

  #epochDir(): string {
    return join(this.#envoyDir, `${String(this.#epoch).padStart(6, '0')}-0a0b0c0d`);
  }

  newEnvoy(): void {
    this.#epoch++;
    mkdirSync(this.#epochDir(), { recursive: true });
    writeFileSync(join(this.#epochDir(), 'access.log'), '');
  }

  /** A kill: requests that it had not logged yet are never logged. */
  killEnvoy(): void {
    this.#unlogged = [];
    writeFileSync(join(this.#epochDir(), 'ended'), '');
    this.newEnvoy();
  }

  rotate(): void {
    const dir = this.#epochDir();
    let n = 1;
    while (existsSync(join(dir, `access.${n}.log`))) n++;
    renameSync(join(dir, 'access.log'), join(dir, `access.${n}.log`));
    writeFileSync(join(dir, 'access.log'), '');
  }

  async #startGateway(): Promise<void> {
    const recorder = await openWithPolicy(this.#dir);
    this.#recorder = recorder;
    const cut = { dead: false };
    this.#cut = cut;
    // After its death nothing that a process began may reach the disk of the next one.
    const unlessDead = <T>(work: () => Promise<T>): Promise<T> =>
      cut.dead ? new Promise(() => undefined) : work();
    this.#tail = tailAccessLogs({
      envoyDir: this.#envoyDir,
      sink: {
        close: (closure) => unlessDead(() => recorder.close(closure)),
        logPosition: (id) => recorder.logPosition(id),
        gapPosition: (id) => recorder.gapPosition(id),
        decided: (id) => recorder.decided(id),
        sweep: (epoch) => unlessDead(async () => void (await recorder.sweep(epoch))),
        gap: ({ from_ms, to_ms, ...gap }) =>
          unlessDead(() => recorder.recordGap({ ...gap, from_ts: iso(from_ms), to_ts: iso(to_ms) })),
      },
      onError: () => undefined,
      // Counts at once, so that kills fall before, between and behind the records.
      pollMs: 15,
      gapMs: 0,
    });
  }

  /** What is on disk at this moment is all that the next process finds. */
  async killGateway(): Promise<void> {
    this.#cut.dead = true;
    const next = states.create();
    // A draft gets its name on another thread, maybe while it is copied; nobody ever reads one.
    cpSync(this.#dir, next, { recursive: true, filter: (path) => !path.endsWith('.new') });
    rmSync(join(next, 'journal', 'lock'), { force: true });
    rmSync(join(next, 'run', 'journal.lock'), { force: true });
    const old = { recorder: this.#recorder, tail: this.#tail };
    this.#dir = next;
    await this.#startGateway();
    void old.tail?.stop();
    await old.recorder?.stop().catch(() => undefined);
  }

  async restartGateway(): Promise<void> {
    await this.#tail?.stop();
    await this.#recorder?.stop();
    await this.#startGateway();
  }

  async read(): Promise<void> {
    await this.#tail?.drain();
  }

  /** `seen`: Envoy got the answer, so its log names the receipt. */
  async request(kind: 'allow' | 'deny' | 'anonymous' | 'unasked', seen: boolean): Promise<void> {
    const id = `q-${++this.#serial}`;
    if (kind === 'unasked') {
      this.#unlogged.push({ id, kind });
      return;
    }
    const envoy_epoch = `${String(this.#epoch).padStart(6, '0')}-0a0b0c0d`;
    const wanted =
      kind === 'anonymous'
        ? proposalOf({ ...anonymousDenial(), request_id: id, envoy_epoch })
        : proposal({
            ...{ request_id: id, envoy_epoch, verdict: kind },
            reason: kind === 'allow' ? 'POLICY_ALLOW' : 'POLICY_DENY',
          });
    const answer = await this.#recorder?.append(wanted);
    assert.ok(answer?.ok);
    this.#unlogged.push({ id, kind, ...(seen ? { receipt: answer.value.receipt_id } : {}) });
  }

  log(count: number): void {
    for (const { id, receipt, kind } of this.#unlogged.splice(0, count)) {
      this.logged.add(id);
      const reached = receipt !== undefined && kind === 'allow';
      const line = {
        ...{ receipt_id: receipt ?? null, request_id: id, stream_id: id, code: reached ? 200 : 503 },
        ...{
          bytes_in: 0,
          bytes_out: 0,
          duration_ms: 1,
          attempts: reached ? 1 : 0,
          start_ms: '1700000000000',
        },
        ...{
          details: reached ? 'via_upstream' : 'ext_authz_error',
          flags: '-',
          route: 'plain',
          upstream: '-',
        },
      };
      appendFileSync(join(this.#epochDir(), 'access.log'), `${JSON.stringify(line)}\n`);
    }
  }

  /** Envoy ends, everything is read, the gateway stops. Returns the records. */
  async end(): Promise<ReturnType<typeof recordsOf>> {
    this.log(Number.MAX_SAFE_INTEGER);
    this.killEnvoy();
    writeFileSync(join(this.#epochDir(), 'ended'), '');
    await this.read();
    for (let epoch = 1; epoch <= this.#epoch; epoch++) {
      const marker = join(this.#envoyDir, `${String(epoch).padStart(6, '0')}-0a0b0c0d`, 'swept');
      for (let tries = 0; !existsSync(marker); tries++) {
        assert.ok(tries < 10_000, `epoch ${epoch} is never settled`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (tries % 20 === 19) await this.read();
      }
    }
    await this.#tail?.stop();
    await this.#recorder?.stop();
    return recordsOf(this.#dir);
  }
}

function judge(records: ReturnType<typeof recordsOf>, logged: ReadonlySet<string>): void {
  const decisions = records.filter(({ type }) => type === 'decision');
  const outcomes = new Map<string, number>();
  for (const { type, decision_ref } of records)
    if (type === 'outcome') outcomes.set(decision_ref, (outcomes.get(decision_ref) ?? 0) + 1);
  for (const { verdict, receipt_id, request_id } of decisions)
    assert.equal(outcomes.get(receipt_id) ?? 0, verdict === 'allow' ? 1 : 0, `${verdict} ${request_id}`);
  const decided = new Set(decisions.map(({ request_id }) => request_id));
  assert.equal(decided.size, decisions.length);
  let gaps = 0;
  for (const { lifecycle, counts } of records)
    if (lifecycle === 'gap') for (const { count } of counts) gaps += count;
  assert.equal(gaps, [...logged].filter((id) => !decided.has(id)).length, 'gaps');
}

type Step = (world: World) => Promise<void> | void;
const step: fc.Arbitrary<readonly [string, Step]> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom('allow', 'deny', 'anonymous', 'unasked'), fc.boolean())
      .map(([kind, seen]): readonly [string, Step] => [
        `${kind} ${seen}`,
        (world) => world.request(kind as 'allow', seen),
      ]),
  },
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 5 }).map((n) => [`log ${n}`, (w: World) => w.log(n)] as const),
  },
  { weight: 3, arbitrary: fc.constant(['read', (w: World) => w.read()] as const) },
  { weight: 1, arbitrary: fc.constant(['kill gateway', (w: World) => w.killGateway()] as const) },
  { weight: 1, arbitrary: fc.constant(['restart gateway', (w: World) => w.restartGateway()] as const) },
  { weight: 1, arbitrary: fc.constant(['kill Envoy', (w: World) => w.killEnvoy()] as const) },
  {
    weight: 1,
    arbitrary: fc.constant([
      'kill both',
      async (w: World) => {
        w.killEnvoy();
        await w.killGateway();
      },
    ] as const),
  },
  { weight: 1, arbitrary: fc.constant(['rotate', (w: World) => w.rotate()] as const) },
);

test('whatever dies in whatever order, every allow has one outcome and every logged request one decision or gap', {
  timeout: 300_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new World();
      await world.start();
      for (const [, act] of steps) await act(world);
      judge(await world.end(), world.logged);
      states.clean();
    }),
    { numRuns: 60 },
  );
});

const MATRIX: readonly (readonly [string, readonly Step[]])[] = [
  ['the gateway is killed', [(w) => w.killGateway()]],
  ['Envoy is killed', [(w) => w.killEnvoy()]],
  ['Envoy is killed, then the gateway', [(w) => w.killEnvoy(), (w) => w.killGateway()]],
  ['the gateway is killed, then Envoy', [(w) => w.killGateway(), (w) => w.killEnvoy()]],
  ['the gateway is restarted', [(w) => w.restartGateway()]],
  ['the log is rotated while the gateway is down', [(w) => w.rotate(), (w) => w.killGateway()]],
  [
    'the log is rotated twice and the gateway killed in between',
    [(w) => w.rotate(), (w) => w.read(), (w) => w.killGateway(), (w) => w.rotate()],
  ],
];

for (const [name, accident] of MATRIX) {
  for (const readBefore of [false, true]) {
    test(`${name}${readBefore ? ', with the log read before' : ''}`, async () => {
      const world = new World();
      await world.start();
      for (const kind of ['allow', 'deny', 'anonymous', 'unasked'] as const)
        for (const seen of [true, false]) await world.request(kind, seen);
      world.log(6);
      if (readBefore) await world.read();
      for (const act of accident) await act(world);
      for (const kind of ['allow', 'unasked'] as const) await world.request(kind, false);
      judge(await world.end(), world.logged);
    });
  }
}
