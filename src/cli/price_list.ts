import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PricesSettings } from '../config/settings.ts';
import { PRICES_DIGEST, type PriceTable, readPrices } from '../core/ai/prices.ts';
import { toHex } from '../core/canonical/hex.ts';
import { sha256 } from '../core/canonical/sha256.ts';
import { CliError, EXIT } from './exit.ts';

/** The list that was reviewed with this release; the build copies it beside the code. */
const PRICES_FILE = join(import.meta.dirname, '..', 'core', 'ai', 'prices.json');
const OWN_BYTES_MAX = 16_777_216;
const NEXT =
  'docs/ai.md shows a list; without ai.prices_file and ai.prices_digest the list of the release is used';

/**
 * The list of the settings, or that of this release. Throws CliError when it cannot be read, or is not the one that was
 * reviewed: by another list other calls would pass.
 */
export function priceList(own?: PricesSettings): PriceTable {
  return own === undefined ? ofThisRelease() : ownList(own);
}

function ofThisRelease(): PriceTable {
  const table = readPrices(readFileSync(PRICES_FILE), PRICES_DIGEST);
  if (table.ok) return table.value;
  throw new CliError(
    EXIT.unavailable,
    `the list of prices is not that of this release (${table.problem})`,
    `put the original ${PRICES_FILE} back, or build again with npm run build`,
  );
}

function ownList({ file, digest }: PricesSettings): PriceTable {
  const bytes = bytesIn(file);
  const table = readPrices(bytes, digest);
  if (table.ok) return table.value;
  if (table.problem === 'DIGEST_DIFFERS')
    throw wrong(
      `${file} is not the list of prices that ai.prices_digest names: found ${toHex(sha256(bytes))}, allowed: ${digest}`,
      'read what has changed in the list, then write the digest that was found into ai.prices_digest',
    );
  throw wrong(`${file} is no list of prices (${table.problem})`, NEXT);
}

function bytesIn(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size <= OWN_BYTES_MAX) return readFileSync(file);
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : 'no reason given';
    throw wrong(`the list of prices ${file} cannot be read (${code})`, NEXT);
  }
  throw wrong(`the list of prices ${file} has more than ${OWN_BYTES_MAX} bytes`, NEXT);
}

function wrong(message: string, next: string): CliError {
  return new CliError(EXIT.usage, message, next);
}
