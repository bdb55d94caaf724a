import type { World } from '../../support/fault_world.ts';
import type { Fault } from './fault.ts';

const TWO = { settings: ['gateways: 2'] };
const second = (world: World) => world.running.childPid('gateway\u0000--number\u00002');
const recorder = (world: World) => world.running.childPid('recorder\u0000run');

/** Two gateway processes around one recorder process. */
export const SEVERAL_FAULTS: readonly Fault[] = [
  {
    name: 'one of two gateways killed',
    how: '`gateways: 2`; SIGKILL to the second',
    world: TWO,
    holdMs: 0,
    inflict: (world) => void process.kill(second(world), 'SIGKILL'),
  },
  {
    name: 'one of two gateways frozen',
    how: '`gateways: 2`; SIGSTOP to the second for 3 s, then SIGCONT',
    world: TWO,
    holdMs: 3_000,
    inflict: (world) => void process.kill(second(world), 'SIGSTOP'),
    heal: (world) => void process.kill(second(world), 'SIGCONT'),
  },
  {
    name: 'recorder process killed',
    how: '`gateways: 2`; SIGKILL to the recorder',
    intercepted: true,
    world: TWO,
    holdMs: 0,
    inflict: (world) => void process.kill(recorder(world), 'SIGKILL'),
  },
  {
    name: 'recorder process frozen',
    how: '`gateways: 2`; SIGSTOP to the recorder for 3 s, then SIGCONT',
    world: TWO,
    holdMs: 3_000,
    inflict: (world) => void process.kill(recorder(world), 'SIGSTOP'),
    heal: (world) => void process.kill(recorder(world), 'SIGCONT'),
  },
];
