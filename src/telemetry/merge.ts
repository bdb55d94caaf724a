/** The metrics of one process in Prometheus text form. */
export interface Exposition {
  /** Value of the label `process` on every sample. */
  readonly process: string;
  readonly text: string;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})?( .*)$/;
const META = /^# (?:HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*)/;

interface Family {
  readonly meta: string[];
  readonly samples: string[];
}

/**
 * One exposition of several processes: the samples of each with the label `process`, every family once. Sums over the
 * label are what one process would have said.
 */
export function mergeExpositions(parts: readonly Exposition[]): string {
  const families = new Map<string, Family>();
  for (const part of parts) addPart(families, part);
  const lines = [...families.values()].flatMap(({ meta, samples }) => [...meta, ...samples]);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function addPart(families: Map<string, Family>, { process, text }: Exposition): void {
  let current: Family | undefined;
  for (const line of text.split('\n')) {
    const name = META.exec(line)?.[1];
    const sample = SAMPLE.exec(line);
    if (name !== undefined) {
      current = families.get(name) ?? { meta: [], samples: [] };
      families.set(name, current);
      if (!current.meta.includes(line)) current.meta.push(line);
    } else if (sample !== null) {
      current?.samples.push(labelled(sample, process));
    }
  }
}

function labelled([, name = '', labels, rest = '']: RegExpExecArray, process: string): string {
  const own = `process="${process}"`;
  const inside = labels === undefined || labels === '{}' ? own : `${own},${labels.slice(1, -1)}`;
  return `${name}{${inside}}${rest}`;
}
