/** The one place that reads the process environment; everybody else gets it as a parameter. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function processEnvironment(): Environment {
  return process.env;
}
