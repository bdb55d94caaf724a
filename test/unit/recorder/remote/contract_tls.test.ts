import { contractSuite } from '../contract.ts';
import { reach, tlsWire } from './reach.ts';

const wire = tlsWire();
contractSuite({
  name: 'over mutual TLS',
  open: (dir, overrides) => reach(dir, overrides, wire),
});
