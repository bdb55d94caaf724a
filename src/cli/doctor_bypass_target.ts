import { type ArrivalNote, type EchoTarget, startEchoTarget } from '../bypass/echo_target.ts';
import { authorityOf } from '../bypass/places.ts';
import { placesFrom } from './doctor_bypass_world.ts';
import { CliError, EXIT } from './exit.ts';
import type { Flags } from './options.ts';

const DEFAULT_PLACES = '0.0.0.0:443,0.0.0.0:53';

/** `doctor --bypass-target`: one JSON line on stdout for each arrival, until a signal. */
export async function bypassTarget(flags: Flags): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  const listen = flags['listen'];
  const places = placesFrom('--listen', typeof listen === 'string' ? listen : DEFAULT_PLACES);
  const targets: EchoTarget[] = [];
  try {
    for (const { host, port } of places) targets.push(await open(host, port));
    process.stderr.write(`listening on ${places.map(authorityOf).join(', ')} (TCP and UDP)\n`);
    await stopped;
  } finally {
    await Promise.all(targets.map((target) => target.close()));
  }
  return EXIT.ok;
}

async function open(host: string, port: number): Promise<EchoTarget> {
  try {
    return await startEchoTarget(host, [port], print);
  } catch (error) {
    const { code = 'failed' } = error as NodeJS.ErrnoException;
    throw new CliError(
      EXIT.unavailable,
      `cannot listen on ${authorityOf({ host, port })} (${code})`,
      'choose other places with --listen; ports below 1024 need root',
    );
  }
}

function print(arrival: ArrivalNote): void {
  const from = arrival.from.replace(/^::ffff:/, '');
  process.stdout.write(`${JSON.stringify({ ...arrival, from, ts: new Date().toISOString() })}\n`);
}
