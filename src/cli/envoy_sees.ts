import { askAdmin } from '../intercept/admin.ts';
import { GATEWAY_CLUSTER } from '../intercept/config/gateway_cluster.ts';

const PAUSE_MS = 50;
const PATIENCE_MS = 5_000;
const STAT = `cluster.${GATEWAY_CLUSTER}.membership_healthy`;

/**
 * Resolves when Envoy has found `count` gateways healthy. It may have looked before they served, and answers 503 until
 * it looks again. Gives up after a while: that is then for `/ready` and its health checks to tell.
 */
export async function envoySees(adminSocket: string, count: number): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await askAdmin(adminSocket, 'GET', `/stats?filter=^${STAT}$`).catch(() => undefined);
    if (Number(answer?.body.split(': ')[1]) >= count) return true;
    if (performance.now() >= until) return false;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
