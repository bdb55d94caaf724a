import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sent } from '../../support/fault_client.ts';
import { type Judgement, judge } from '../../support/fault_judge.ts';
import { MIX } from '../../support/fault_load.ts';
import { Random } from '../../support/fault_random.ts';
import { openWorld, type World } from '../../support/fault_world.ts';
import { notInOwnNetwork } from '../../support/own_network.ts';
import { type Changed, changedRule } from './changed_rule.ts';

export interface MixedOptions {
  /** That are served; those that meet nobody come on top. */
  readonly requests: number;
  /** Processes that are killed on the way, at random moments. */
  readonly kills: number;
  /** So many connections are open at the same moment once, each with a request. */
  readonly concurrent: number;
  readonly seed: number;
  progress(text: string): void;
}

export interface MixedResult {
  readonly seed: number;
  readonly seconds: number;
  readonly judgement: Judgement;
  /** Answers by kind and status. */
  readonly answers: Readonly<Record<string, number>>;
  readonly killed: readonly string[];
  readonly concurrent: number;
  /** Verdict of `clawgress verify`, and its exit code. */
  readonly verify: { readonly verdict: string; readonly status: number | null };
  readonly replay: { readonly decisions: number; readonly different: number; readonly ledger: string };
  readonly changed: Changed;
  readonly output: string;
}

const CLIENTS = 24;
/** Weights of tunnels that the gateway opens, each of which carries several requests, and of WebSockets. */
const OTHERS = { intercept: 6, socket: 2, relayed: 2 };
/** Weights of connections that the firewall leads to the gateway, where that can be had. */
const REDIRECTED = { redirected: 5, redirected_tls: 4 };
const AFTER_FAILURE_MS = 250;
/** Low enough that a good part of the denials is folded. */
const DENIALS_PER_SECOND = 15;
const CROWD_MS = 4_900;
/** A victim gets this long to come back before the next one is chosen. */
const BETWEEN_KILLS_MS = 1_500;

/** Many requests of every kind, with processes dying in between; then the evidence is judged by everybody. */
export async function runMixed(options: MixedOptions): Promise<MixedResult> {
  const random = new Random(options.seed);
  const world = await openWorld({
    random,
    intercepted: true,
    mix: { ...MIX, ...OTHERS, ...(notInOwnNetwork() === undefined ? REDIRECTED : {}) },
    settings: [`recorder: {denials_per_second: ${DENIALS_PER_SECOND}}`],
  });
  const began = performance.now();
  try {
    const killed = await drive(world, options, random);
    const seconds = (performance.now() - began) / 1000;
    options.progress(`${world.load.count} requests in ${seconds.toFixed(1)} s; stopping`);
    await world.load.stop();
    await world.running.stop();
    options.progress('reading the journal back');
    world.requireSound();
    const judgement = judge({
      sent: world.load.sent,
      hits: world.upstream.hits,
      journal: world.records(),
      envoy: world.envoy(),
      logLost: killed.includes('envoy'),
      undisturbed: killed.length === 0,
    });
    return {
      seed: options.seed,
      seconds,
      judgement,
      answers: answersOf(world.load.sent),
      killed,
      concurrent: options.concurrent,
      ...bundleOf(world, options),
      output: world.running.output(),
    };
  } finally {
    await world.close();
  }
}

async function drive(world: World, options: MixedOptions, random: Random): Promise<string[]> {
  const { load } = world;
  const steady = options.requests - options.concurrent;
  load.start({ clients: CLIENTS, pauseMs: 1, afterFailureMs: AFTER_FAILURE_MS, until: options.requests });
  const crowdAt = Math.floor(steady / 2);
  const killed: string[] = [];
  const killAt = Array.from({ length: options.kills }, () => random.below(steady)).sort((a, b) => a - b);
  let crowded = false;
  for (const at of killAt) {
    if (!crowded && at >= crowdAt) {
      crowded = true;
      await crowd(world, options);
    }
    await reach(world, at);
    killed.push(...kill(world, random, options));
    await sleep(BETWEEN_KILLS_MS);
  }
  if (!crowded) await crowd(world, options);
  await load.finished();
  return killed;
}

async function reach({ load }: World, served: number): Promise<void> {
  while (load.served < served) await sleep(20);
}

/** They come at 500 a second and each holds a connection of its own until after the last one has come. */
async function crowd(world: World, { concurrent, progress }: MixedOptions): Promise<void> {
  // Whoever was killed is back: no connection is held to nobody.
  await reach(world, world.load.served + CLIENTS);
  progress(`${concurrent} connections at once`);
  const all: Promise<Sent>[] = [];
  for (let i = 0; i < concurrent; i++) {
    all.push(world.load.one('slow', CROWD_MS));
    if (i % 10 === 9) await sleep(20);
  }
  await Promise.all(all);
}

function kill(world: World, random: Random, { progress }: MixedOptions): string[] {
  const victims = { gateway: ['gateway'], envoy: ['envoy'], both: ['gateway', 'envoy'] } as const;
  const chosen = victims[random.weighted({ gateway: 5, envoy: 3, both: 2 })];
  progress(`${world.load.count} requests; killing ${chosen.join(' and ')}`);
  return chosen.filter((name) => {
    try {
      process.kill(world.running.childPid(name === 'envoy' ? 'envoy.json' : name), 'SIGKILL');
      return true;
    } catch {
      // It is just being started again.
      return false;
    }
  });
}

function answersOf(sent: readonly Sent[]): Record<string, number> {
  const answers: Record<string, number> = {};
  for (const { kind, status, left } of sent) {
    const name = `${kind} ${left ? 'left' : status === 0 ? 'no answer' : status}`;
    answers[name] = (answers[name] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(answers).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What anybody can do with the evidence: export, verify against the trust file, replay. */
function bundleOf(
  world: World,
  { progress }: MixedOptions,
): Pick<MixedResult, 'verify' | 'replay' | 'changed'> {
  const bundle = join(world.stateDir, '..', 'evidence.zip');
  const trust = join(world.stateDir, '..', 'keys.json');
  progress('export');
  const exported = world.cli('export', '-o', bundle, ...world.stateFlags);
  if (exported.status !== 0) throw new Error(`export: ${exported.stderr}`);
  const keys = world.cli('keys', 'export', ...world.stateFlags);
  writeFileSync(trust, keys.stdout);
  progress('verify');
  const verified = world.cli('verify', bundle, '--trust', trust, '--json');
  progress('replay');
  const replayed = world.cli('replay', bundle, '--json');
  const { decisions, different, ledger } = JSON.parse(replayed.stdout);
  return {
    verify: { verdict: JSON.parse(verified.stdout).verdict, status: verified.status },
    replay: { decisions, different, ledger },
    changed: changedRule(world, bundle),
  };
}
