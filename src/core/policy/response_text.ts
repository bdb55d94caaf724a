import { encodeJcs } from '../canonical/jcs.ts';
import type { ResponseDemands } from '../contract/demands.ts';

/** One line for people and for comparisons, whatever the order of members; without demands `-`. */
export function responseText(asked: ResponseDemands | undefined): string {
  return asked === undefined ? '-' : encodeJcs(asked);
}
