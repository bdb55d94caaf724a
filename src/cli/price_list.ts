import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PRICES_DIGEST, type PriceTable, readPrices } from '../core/ai/prices.ts';
import { CliError, EXIT } from './exit.ts';

/** The list that was reviewed with this release; the build copies it beside the code. */
const PRICES_FILE = join(import.meta.dirname, '..', 'core', 'ai', 'prices.json');

/** Throws CliError when the list is not the one that this release was built with. */
export function priceList(): PriceTable {
  const table = readPrices(readFileSync(PRICES_FILE), PRICES_DIGEST);
  if (table.ok) return table.value;
  throw new CliError(
    EXIT.unavailable,
    `the list of prices is not that of this release (${table.problem})`,
    `put the original ${PRICES_FILE} back, or build again with npm run build`,
  );
}
