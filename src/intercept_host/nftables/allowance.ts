import { type Network, parseNetwork } from './network.ts';

/** One destination that agents may reach without the gateway. */
export interface Allowance {
  readonly protocol: 'tcp' | 'udp';
  readonly network: Network;
  readonly port: number;
}

const SHAPE = /^(tcp|udp):(?:\[([0-9A-Fa-f:./]{2,49})\]|([0-9./]{7,18})):([1-9][0-9]{0,4})$/;
const PORT_MAX = 65_535;

/** `tcp:10.1.2.3:5432`, `udp:[fd00::53]:53`, `tcp:10.1.0.0/16:443`. A length of 0 would allow everything and is refused. */
export function parseAllowance(text: string): Allowance | undefined {
  const found = SHAPE.exec(text);
  if (found === null) return undefined;
  const [, protocol, six, four, digits] = found;
  const network = parseNetwork(six ?? four ?? '');
  const port = Number(digits);
  if (network === undefined || network.prefix === 0 || port > PORT_MAX) return undefined;
  if ((network.family === 6) !== (six !== undefined)) return undefined;
  return { protocol: protocol === 'udp' ? 'udp' : 'tcp', network, port };
}
