import { isEnd } from '../../core/receipt/inspection_facts.ts';
import type { InspectDependencies } from './dependencies.ts';
import type { ReadStep } from './ports.ts';

/**
 * Records what was found, in its order. Resolves once the end of the part, if this is it, is durable, and tells whether
 * it was: nothing of an end goes on before. Marks ride with later commits; one that is lost is covered by the next.
 */
export async function recordStep(
  { recorder, metrics, log }: Pick<InspectDependencies, 'recorder' | 'metrics' | 'log'>,
  receipt_id: string,
  { facts }: Pick<ReadStep, 'facts'>,
): Promise<boolean> {
  let isOver = false;
  for (const found of facts) {
    const is_end = isEnd(found);
    const recorded = recorder.inspect({ receipt_id, facts: found, is_end });
    if (is_end) {
      await recorded;
      isOver = true;
      metrics.ended?.(found.part, found.state);
      if (found.usage !== undefined) metrics.used?.(found.usage, found.cost_micro_usd);
    } else recorded.catch((err: unknown) => log.error({ err, receipt_id }, 'a stream mark was not recorded'));
  }
  return isOver;
}
