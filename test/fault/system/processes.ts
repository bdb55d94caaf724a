import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../../support/fault_world.ts';
import type { Fault } from './fault.ts';

const gateway = (world: World) => world.running.childPid('gateway');
/** Envoy's own command line names its configuration; nobody else's does. */
const envoy = (world: World) => world.running.childPid('envoy.json');

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'gateway killed',
    how: 'SIGKILL to the gateway, which holds the recorder',
    intercepted: true,
    holdMs: 0,
    inflict: (world) => void process.kill(gateway(world), 'SIGKILL'),
  },
  {
    name: 'gateway frozen',
    how: 'SIGSTOP to the gateway for 3 s, then SIGCONT',
    intercepted: true,
    holdMs: 3_000,
    inflict: (world) => void process.kill(gateway(world), 'SIGSTOP'),
    heal: (world) => void process.kill(gateway(world), 'SIGCONT'),
  },
  {
    name: 'Envoy killed',
    how: 'SIGKILL to Envoy',
    intercepted: true,
    losesLog: true,
    holdMs: 0,
    inflict: (world) => void process.kill(envoy(world), 'SIGKILL'),
  },
  {
    name: 'Envoy frozen',
    how: 'SIGSTOP to Envoy for 2 s, then SIGCONT',
    holdMs: 2_000,
    inflict: (world) => void process.kill(envoy(world), 'SIGSTOP'),
    heal: (world) => void process.kill(envoy(world), 'SIGCONT'),
  },
  {
    name: 'gateway and Envoy killed together',
    how: 'SIGKILL to both at the same moment',
    losesLog: true,
    holdMs: 0,
    inflict(world) {
      const both = [gateway(world), envoy(world)];
      for (const pid of both) process.kill(pid, 'SIGKILL');
    },
  },
  {
    name: 'supervisor killed',
    how: 'SIGKILL to `clawgress up`; 1 s later it is started again',
    losesLog: true,
    holdMs: 1_000,
    inflict: (world) => void world.running.up.kill('SIGKILL'),
    heal: (world) => world.restart(),
  },
  {
    name: 'sockets removed',
    how: 'every Unix socket is unlinked; 1 s later the gateway is killed as well',
    holdMs: 1_000,
    inflict(world) {
      const folder = join(world.stateDir, 'run', 'sockets');
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    },
    heal: (world) => void process.kill(gateway(world), 'SIGKILL'),
  },
  {
    name: 'policy replaced by garbage',
    how: 'the policy file becomes 4 kB of noise, then an empty file, then a document of an unknown schema',
    intercepted: true,
    unnoticed: true,
    holdMs: 0,
    async inflict(world) {
      for (const text of [
        '\u0000{{{[\t%'.repeat(512),
        '',
        'schema: clawgress/policy/v9\nid: x\nrules: []\n',
      ]) {
        writeFileSync(world.policyFile, text);
        await sleep(1_200);
      }
    },
  },
];
