import { type DestinationStream, destination, type Logger as Pino, pino } from 'pino';
import { lineOf } from './line.ts';
import { redact, redactText } from './redact.ts';

/** Fields first, then one sentence: `log.warn({ port }, 'the port is taken')`. */
export type Logger = Pick<Pino, 'debug' | 'info' | 'warn' | 'error'>;

export type LogFormat = 'json' | 'lines';

export interface LoggerOptions {
  /** Name of the process in each line: `up`, `gateway`, `demo`. */
  readonly part: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly format: LogFormat;
  /** Standard error unless a test listens. */
  readonly sink?: DestinationStream;
}

const STDERR = 2;

/** Writes synchronously, because a process that is about to die must still say why. */
export function createLogger(options: LoggerOptions): Logger {
  const sink = options.sink ?? destination({ fd: STDERR, sync: true });
  const stream = options.format === 'json' ? sink : { write: (json: string) => sink.write(lineOf(json)) };
  return pino(
    {
      level: options.level,
      base: { part: options.part },
      timestamp: () => `,"ts":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          const clean = args.map((arg) => (typeof arg === 'string' ? redactText(arg) : arg));
          method.apply(this, clean as Parameters<typeof method>);
        },
      },
    },
    stream,
  );
}
