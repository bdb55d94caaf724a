import type { Check } from '../server/check.ts';

/** Longer than two of Envoy's health checks: who has not asked for so long asks somebody else. */
const QUIET_MS = 1_200;
const PATIENCE_MS = 5_000;
const PAUSE_MS = 50;

/** Knows when Envoy has taken its Checks elsewhere: a gateway that closes before that makes it find out by failing. */
export class Traffic {
  #last_ms = Number.NEGATIVE_INFINITY;

  watch(check: Check): Check {
    return (...call) => {
      this.#last_ms = performance.now();
      return check(...call);
    };
  }

  /** Resolves after a quiet while, at once when there was one, or when waiting for it no longer helps. */
  async moved(): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < Math.min(until, this.#last_ms + QUIET_MS)) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
