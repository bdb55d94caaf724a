import { closeSync, openSync, readSync } from 'node:fs';
import { type BypassReport, parseReport, REPORT_BYTES_MAX } from '../bypass/report.ts';
import { CliError, EXIT } from './exit.ts';

/** A report that `doctor --bypass -o` wrote. Throws `CliError` with what is wrong with it. */
export function readReport(path: string, flag: string): BypassReport {
  const report = parseReport(readBounded(path, REPORT_BYTES_MAX));
  if (report.ok) return report.value;
  throw new CliError(
    EXIT.usage,
    `${flag}: ${path}: ${report.problem}`,
    'hand over what `clawgress doctor --bypass -o <file>` wrote',
  );
}

/** At most one byte more than allowed, so that the parser sees that it is too much. */
export function readBounded(path: string, bytesMax: number): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(bytesMax + 1);
    let filled = 0;
    for (;;) {
      const read = readSync(file, bytes, filled, bytes.length - filled, null);
      filled += read;
      if (read === 0 || filled === bytes.length) return bytes.subarray(0, filled);
    }
  } finally {
    closeSync(file);
  }
}
