/** One mistake in the configuration, wherever it was made. */
export interface ConfigProblem {
  /** `clawgress.yaml:12:3`, `CLAWGRESS_LOG_LEVEL` or `--explicit-port`. */
  readonly where: string;
  /** Dotted key; empty when the document as a whole is wrong. */
  readonly key: string;
  /** What was found, one phrase, never a secret: no key of the configuration holds one. */
  readonly found: string;
  /** What is allowed. */
  readonly allowed: string;
}

/** One line per problem, as printed before exit code 2. */
export function formatProblem(problem: ConfigProblem): string {
  const key = problem.key === '' ? '' : ` ${problem.key}:`;
  return `${problem.where}:${key} found ${problem.found}; allowed: ${problem.allowed}`;
}

/** Thrown by the loader; the CLI prints the problems and exits with 2. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const SHOWN_MAX = 80;

/** A value as it may be shown in a message: JSON, cut. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
