import { hasOwnRecorder } from './arrangement.ts';
import { CliError, EXIT } from './exit.ts';
import { gatewayAlone } from './gateway_alone.ts';
import { childProcess } from './gateway_life.ts';
import { gatewayMember } from './gateway_member.ts';
import type { Flags } from './options.ts';
import { priceList } from './price_list.ts';

/** `clawgress gateway`: decides, has it recorded, answers, until it is told to stop. */
export async function gateway(flags: Flags): Promise<number> {
  const number = numberOf(flags);
  const child = childProcess(flags, ({ gateways, gateway_name }) =>
    gateways === 1 ? 'gateway' : `${gateway_name}-${number}`,
  );
  const { gateways } = child.settings;
  if (number > gateways) {
    throw new CliError(
      EXIT.usage,
      `--number: found ${number}; allowed: 1 to ${gateways}`,
      'set `gateways` higher',
    );
  }
  // Before anything is open that would keep a gateway alive that cannot serve.
  priceList(child.settings.ai.prices);
  if (hasOwnRecorder(child.settings)) await gatewayAlone(child);
  else await gatewayMember(child, number);
  return EXIT.ok;
}

function numberOf(flags: Flags): number {
  const text = flags['number'];
  if (text === undefined) return 1;
  if (typeof text === 'string' && /^[1-8]$/.test(text)) return Number(text);
  throw new CliError(EXIT.usage, `--number: found '${String(text)}'; allowed: 1 to 8`);
}
