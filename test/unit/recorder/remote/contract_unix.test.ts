import { contractSuite } from '../contract.ts';
import { reach, unixWire } from './reach.ts';

contractSuite({
  name: 'over a Unix socket',
  open: (dir, overrides) => reach(dir, overrides, unixWire),
});
