import { setImmediate as turn } from 'node:timers/promises';
import { contractSuite } from './contract.ts';
import { openWithPolicy } from './workbench.ts';

contractSuite({
  name: 'in its own process',
  open: async (dir, overrides) => {
    const recorder = await openWithPolicy(dir, overrides);
    return { port: recorder, recorder, turn: () => turn(), stop: () => recorder.stop() };
  },
});
