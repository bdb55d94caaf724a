/** One setting that cannot become a rule; shaped like a problem of the configuration, which it is. */
export interface GuardProblem {
  /** Dotted key of the setting. */
  readonly key: string;
  readonly found: string;
  /** What is allowed instead. */
  readonly allowed: string;
}
