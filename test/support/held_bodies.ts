import { eventually, type Running } from './running.ts';

/** Room that a body takes at least; a gateway that waits for one has begun to hold it. */
const BODY_BYTES_LEAST = 4_096;

/** Bytes that all gateways of this host hold for inspection now. */
async function heldBytes({ endpoints }: Running): Promise<number> {
  const text = await (await fetch(endpoints.metrics)).text();
  const samples = [...text.matchAll(/^clawgress_inspection_bytes(?:\{.*\})? (\d+)$/gm)];
  return samples.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

/** So many bodies are waited for: who leaves before that may leave behind nothing at all. */
export async function bodiesAreHeld(running: Running, count = 1): Promise<void> {
  await eventually(
    async () => ((await heldBytes(running)) >= count * BODY_BYTES_LEAST ? true : undefined),
    `${count} bodies that are waited for`,
  );
}
