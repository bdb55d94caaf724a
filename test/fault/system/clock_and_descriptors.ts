import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../../support/fault_world.ts';
import type { Fault } from './fault.ts';

const HOUR_MS = 3_600_000;

/** Every process of the gateway sees the jump, as if the machine's clock had been set. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    name: 'clock forward',
    how: 'the wall clock jumps an hour ahead, and back after 2 s',
    shim: true,
    holdMs: 2_000,
    inflict: (_, shim) => shim.set({ clock_ms: HOUR_MS }),
    heal: (_, shim) => shim.set({ clock_ms: 0 }),
  },
  {
    name: 'clock back',
    how: 'the wall clock jumps an hour back, and ahead again after 2 s',
    shim: true,
    holdMs: 2_000,
    inflict: (_, shim) => shim.set({ clock_ms: -HOUR_MS }),
    heal: (_, shim) => shim.set({ clock_ms: 0 }),
  },
  {
    name: 'clock back across a restart',
    how: 'the wall clock jumps ten minutes back as the gateway is killed',
    shim: true,
    holdMs: 2_000,
    inflict(world, shim) {
      shim.set({ clock_ms: -HOUR_MS / 6 });
      process.kill(world.running.childPid('gateway'), 'SIGKILL');
    },
  },
];

const DESCRIPTORS_MAX = 20_000;
const IDLE_CLIENTS = 40;

export const DESCRIPTOR_FAULTS: readonly Fault[] = [
  {
    name: 'gateway out of file descriptors',
    how: 'RLIMIT_NOFILE of the gateway set to what it has open, for 2 s',
    holdMs: 2_000,
    missing: prlimitMissing,
    inflict: (world) => leaveNoDescriptors(world.running.childPid('gateway')),
    heal: (world) => giveBack(world, 'gateway'),
  },
  {
    name: 'Envoy out of file descriptors',
    how: `RLIMIT_NOFILE of Envoy set to what it has open, while ${IDLE_CLIENTS} new clients come, for 2 s; Envoy crashes on it`,
    losesLog: true,
    holdMs: 1_000,
    missing: prlimitMissing,
    async inflict(world) {
      leaveNoDescriptors(world.running.childPid('envoy.json'));
      await newClients(world);
    },
    heal: (world) => giveBack(world, 'envoy.json'),
  },
];

/** More clients than there are connections open. */
async function newClients(world: World): Promise<void> {
  const all = Array.from({ length: IDLE_CLIENTS }, () => world.load.one('connect'));
  await Promise.race([Promise.all(all), sleep(1_000)]);
}

function prlimitMissing(): string | undefined {
  return spawnSync('prlimit', ['--version']).error === undefined ? undefined : 'prlimit is missing';
}

/** A process that crashed on it took its limit with it, and may be between two runs. */
function giveBack({ running }: World, word: string): void {
  try {
    setLimit(running.childPid(word), DESCRIPTORS_MAX);
  } catch (error) {
    if (!/starting it again/.test(running.output())) throw error;
  }
}

function setLimit(pid: number, files: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:${DESCRIPTORS_MAX}`]);
}

function leaveNoDescriptors(pid: number): void {
  setLimit(pid, readdirSync(`/proc/${pid}/fd`).length);
}
