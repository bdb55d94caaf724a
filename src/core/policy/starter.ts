/** Where the demo upstream listens; the host is an IPv4 literal. */
export interface StarterValues {
  readonly DEMO_HOST: string;
  readonly DEMO_HTTP_PORT: number;
  readonly DEMO_HTTPS_PORT: number;
}

const HOST = /^[0-9.]{7,15}$/;

/**
 * Fills `${NAME}` of the starter template. Throws when a placeholder is unknown, the host is no plain IPv4
 * literal, or a port no integer: text substitution into YAML is only safe with values that cannot be read as YAML.
 */
export function renderStarterPolicy(template: string, values: StarterValues): string {
  if (!HOST.test(values.DEMO_HOST)) throw new TypeError('starter policy: DEMO_HOST is not an IPv4 literal');
  for (const port of [values.DEMO_HTTP_PORT, values.DEMO_HTTPS_PORT]) {
    if (!Number.isInteger(port)) throw new TypeError('starter policy: a port is not a whole number');
  }
  const texts = new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
  return template.replace(/\$\{([A-Z_]+)\}/g, (_, name: string) => {
    const text = texts.get(name);
    if (text === undefined) throw new TypeError(`starter policy: unknown placeholder ${name}`);
    return text;
  });
}
