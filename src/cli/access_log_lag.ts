import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Closure } from '../server/ports.ts';

const EPOCH = /^\d{6}-[0-9a-f]{8}$/;

/** How far the reader of Envoy's access log is behind, in bytes. */
export class AccessLogLag {
  readonly #envoyDir: string;
  /** End of the last line handed over, by log file id. Bounded: only the newest run is kept. */
  readonly #handed = new Map<string, number>();

  constructor(envoyDir: string) {
    this.#envoyDir = envoyDir;
  }

  note({ log_file_id, offset }: Closure['source']): void {
    if (log_file_id === undefined || offset === undefined) return;
    if (!this.#handed.has(log_file_id)) this.#handed.clear();
    this.#handed.set(log_file_id, offset);
  }

  /** 0 before Envoy has logged anything. */
  bytes(): number {
    const epoch = readdirSync(this.#envoyDir)
      .filter((name) => EPOCH.test(name))
      .sort()
      .at(-1);
    if (epoch === undefined) return 0;
    const size = statSync(join(this.#envoyDir, epoch, 'access.log'), { throwIfNoEntry: false })?.size ?? 0;
    const handed = [...this.#handed].find(([id]) => id.startsWith(epoch))?.[1] ?? 0;
    return Math.max(0, size - handed);
  }
}
