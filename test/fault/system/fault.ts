import { setTimeout as sleep } from 'node:timers/promises';
import { failed, type Kind, type Sent } from '../../support/fault_client.ts';
import { type Finding, type Judgement, judge } from '../../support/fault_judge.ts';
import type { Load } from '../../support/fault_load.ts';
import { newSeed, Random } from '../../support/fault_random.ts';
import { buildShim, type Shim, shimMissing } from '../../support/fault_shim.ts';
import { openWorld, type World, type WorldOptions } from '../../support/fault_world.ts';
import { PATIENT_LINE } from '../../support/running.ts';

/** One way to break a gateway under load. */
export interface Fault {
  readonly name: string;
  /** What is done, for the table; one line. */
  readonly how: string;
  /** Runs with the shim for disk and clock. */
  readonly shim?: true;
  /** Envoy dies on the way or cannot write: its last log lines may be lost. */
  readonly losesLog?: true;
  /** Nobody may notice. */
  readonly unnoticed?: true;
  /** Also in the short run a part of the load goes through intercepted tunnels. */
  readonly intercepted?: true;
  /** The gateway must not come back by itself. */
  readonly staysDown?: true;
  readonly holdMs: number;
  readonly world?: Pick<WorldOptions, 'settings' | 'stateDir' | 'policy' | 'prepare' | 'env'>;
  /** Why it cannot be done here. */
  missing?(): string | undefined;
  inflict(world: World, shim: Shim): Promise<void> | void;
  heal?(world: World, shim: Shim): Promise<void> | void;
  /** Findings of its own, once everything has stopped. */
  inspect?(world: World, shim: Shim): readonly string[];
}

export interface FaultResult {
  readonly name: string;
  readonly how: string;
  readonly seed: number;
  readonly judgement: Judgement;
  /** Requests at the upstream without a durable allow record, or before it. */
  readonly unproven: readonly Finding[];
  readonly others: readonly Finding[];
  /** What requests got that were open or begun between the fault and the first good answer after it: answers by status. */
  readonly seen: Readonly<Record<string, number>>;
  /** A request begun after the end of the fault was served inside an intercepted tunnel. */
  readonly insideAgain: boolean;
  /** Kinds of the load's redirected connections and WebSockets of which none was served after the end of the fault. */
  readonly notAgain: readonly Kind[];
  readonly failures: number;
  /** From the end of the fault to the first good answer of a request begun after it. */
  readonly servedAgainMs: number | undefined;
  /** From the end of the fault to the last answer that was not as it should be; negative: before it ended. */
  readonly lastFailureMs: number | undefined;
  readonly remarks: readonly string[];
  readonly output: string;
}

const CLIENTS = 10;
/** Clients spend a good part of their time in tunnels. */
const CLIENTS_WITH_INTERCEPTED = 16;
const PAUSE_MS = 15;
const WARM_UP_MS = 700;
/** Bounds a test that fails; how long it takes is measured, not promised. */
const RECOVERY_MAX_MS = 60_000;
const UNTIL_POLL_MS = 30;
/** So many good answers in a row mean that it is over. */
const GOOD_IN_A_ROW = 40;
const AGAIN: readonly Kind[] = [
  ...(['redirected', 'redirected_tls', 'socket', 'relayed'] as const),
  ...(['contract', 'mended', 'events', 'model'] as const),
];
/** Says the supervisor of a part that ended. */
const STARTED_AGAIN = /starting it again/;
const UNPROVEN = new Set(['HIT_WITHOUT_ALLOW', 'HIT_BEFORE_RECORD']);

export function missingFor(fault: Fault): string | undefined {
  return fault.missing?.() ?? (fault.shim ? shimMissing() : undefined);
}

const noShim: Shim = { env: {}, set: () => {}, read: () => 0, remove: () => {} };

/** Breaks a fresh gateway under load, lets it recover, and judges what everybody wrote down. */
export async function runFault(
  fault: Fault,
  { seed = newSeed(), intercepted = fault.intercepted === true } = {},
): Promise<FaultResult> {
  const shim = fault.shim ? buildShim() : noShim;
  try {
    const { settings = [], ...more } = fault.world ?? {};
    const world = await openWorld({
      ...{ random: new Random(seed), env: shim.env, intercepted, ...more },
      // A busy machine is nothing that anybody may notice either.
      settings: fault.unnoticed ? [...settings, PATIENT_LINE] : settings,
    });
    try {
      return await runIn(world, fault, shim, seed);
    } finally {
      await world.close();
    }
  } finally {
    shim.remove();
  }
}

async function runIn(world: World, fault: Fault, shim: Shim, seed: number): Promise<FaultResult> {
  const { load } = world;
  const intercepts = world.upstream.securePort !== undefined;
  load.start({ clients: intercepts ? CLIENTS_WITH_INTERCEPTED : CLIENTS, pauseMs: PAUSE_MS });
  await sleep(WARM_UP_MS);
  const insideSince = (from: number) => load.sent.some((one) => isServedInside(one, from));
  await until(() => isServing(load) && (!intercepts || insideSince(0)), RECOVERY_MAX_MS);
  const broken = performance.now();
  try {
    await fault.inflict(world, shim);
    await sleep(fault.holdMs);
  } finally {
    // Also when the fault could not be made: nothing frozen may stay behind.
    await fault.heal?.(world, shim);
  }
  const healed = performance.now();
  await until(
    () =>
      isRecovered(load.sent, healed) &&
      (!intercepts || insideSince(healed)) &&
      awaitedAgain(load).every((kind) => isServedSince(load.sent, kind, healed)),
    fault.staysDown ? 2_000 : RECOVERY_MAX_MS,
  );
  await load.stop();
  await world.running.stop();
  world.requireSound();
  const judgement = judge({
    sent: load.sent,
    hits: world.upstream.hits,
    journal: world.records(),
    envoy: world.envoy(),
    logLost: fault.losesLog === true,
    undisturbed: fault.losesLog !== true && !STARTED_AGAIN.test(world.running.output()),
  });
  const times = timesOf(load.sent, broken, healed);
  return {
    name: fault.name,
    how: fault.how,
    seed,
    judgement,
    unproven: judgement.findings.filter(({ code }) => UNPROVEN.has(code)),
    others: judgement.findings.filter(({ code }) => !UNPROVEN.has(code)),
    seen: seenBy(
      load.sent,
      broken,
      times.servedAgainMs === undefined ? Number.POSITIVE_INFINITY : healed + times.servedAgainMs,
    ),
    insideAgain: insideSince(healed),
    notAgain: awaitedAgain(load).filter((kind) => !isServedSince(load.sent, kind, healed)),
    failures: load.sent.filter((sent) => sent.ended >= broken && failed(sent)).length,
    ...times,
    remarks: fault.inspect?.(world, shim) ?? [],
    output: world.running.output(),
  };
}

async function until(condition: () => boolean, maxMs: number): Promise<void> {
  const deadline = performance.now() + maxMs;
  while (!condition() && performance.now() < deadline) await sleep(UNTIL_POLL_MS);
}

/** Whatever breaks now breaks under load. */
function isServing({ sent }: Load): boolean {
  return sent.filter((one) => !failed(one)).length >= CLIENTS;
}

function isRecovered(sent: readonly Sent[], healed: number): boolean {
  const late = sent.filter(({ started, left }) => started > healed && left !== true).slice(-GOOD_IN_A_ROW);
  return late.length === GOOD_IN_A_ROW && !late.some(failed);
}

function isServedInside({ tunnel, started, status }: Sent, from: number): boolean {
  return tunnel !== undefined && started > from && status === 200;
}

function awaitedAgain({ kinds }: Load): readonly Kind[] {
  return AGAIN.filter((kind) => kinds.includes(kind));
}

function isServedSince(sent: readonly Sent[], kind: Kind, from: number): boolean {
  return sent.some((one) => one.kind === kind && one.started > from && [101, 200].includes(one.status));
}

function timesOf(sent: readonly Sent[], broken: number, healed: number) {
  const good = sent.filter(
    (one) => one.started > healed && one.left !== true && !failed(one) && one.status === 200,
  );
  const bad = sent.filter((one) => one.ended >= broken && failed(one));
  return {
    servedAgainMs: good.length === 0 ? undefined : Math.min(...good.map(({ ended }) => ended)) - healed,
    lastFailureMs: bad.length === 0 ? undefined : Math.max(...bad.map(({ ended }) => ended)) - healed,
  };
}

function seenBy(sent: readonly Sent[], from: number, until: number): Record<string, number> {
  const seen: Record<string, number> = {};
  for (const { status, left, ended, started } of sent) {
    if (ended < from || started > until || left) continue;
    const name = status === 0 ? 'no answer' : String(status);
    seen[name] = (seen[name] ?? 0) + 1;
  }
  return seen;
}
