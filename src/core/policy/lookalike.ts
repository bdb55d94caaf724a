import { toUnicode } from 'tr46';

/** Letters of other scripts, and pairs of letters, that most fonts draw like Latin ones. */
const CONFUSABLE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: 'a',
    в: 'b',
    с: 'c',
    ԁ: 'd',
    е: 'e',
    ғ: 'f',
    һ: 'h',
    і: 'i',
    ј: 'j',
    к: 'k',
    ӏ: 'l',
    м: 'm',
    н: 'h',
    о: 'o',
    р: 'p',
    ԛ: 'q',
    г: 'r',
    ѕ: 's',
    т: 't',
    ѵ: 'v',
    ԝ: 'w',
    х: 'x',
    у: 'y',
    α: 'a',
    β: 'b',
    ε: 'e',
    η: 'n',
    ι: 'i',
    κ: 'k',
    ν: 'v',
    ο: 'o',
    ρ: 'p',
    τ: 't',
    υ: 'u',
    χ: 'x',
    ω: 'w',
    ı: 'i',
    ɑ: 'a',
    ɡ: 'g',
    օ: 'o',
    ս: 'u',
    '0': 'o',
    '1': 'l',
  }),
);
const SCRIPTS = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Armenian}/u];

/** Characters that stand for themselves only. */
const DISTINCT = /^[a-z2-9.-]+$/;

export interface LookAlike {
  readonly host: string;
  readonly unicode: string;
  readonly problem: 'mixes scripts' | 'reads as';
  /** With `reads as`: what people see. */
  readonly reading?: string;
}

/** Hosts that people would take for other ones: mixed scripts, foreign letters throughout, or a near twin in the list. */
export function lookAlikes(hosts: Iterable<string>): readonly LookAlike[] {
  const found: LookAlike[] = [];
  const bySkeleton = new Map<string, string>();
  for (const host of new Set(hosts)) {
    const unicode = host.includes('xn--') ? toUnicode(host).domain : host;
    const reading = skeletonOf(unicode);
    const twin = bySkeleton.get(reading);
    if (twin === undefined) bySkeleton.set(reading, host);
    const isAscii = unicode === host;
    if (!isAscii && unicode.split('.').some(mixesScripts))
      found.push({ host, unicode, problem: 'mixes scripts' });
    else if (!isAscii && unicode.split('.').some(passesForLatin))
      found.push({ host, unicode, problem: 'reads as', reading });
    else if (twin !== undefined) found.push({ host, unicode, problem: 'reads as', reading: twin });
  }
  return found;
}

function mixesScripts(label: string): boolean {
  return SCRIPTS.filter((script) => script.test(label)).length > 1;
}

/** A label without a single ASCII letter, every letter of which looks like one. */
function passesForLatin(label: string): boolean {
  const foreign = [...label].filter((char) => char > '\u007f');
  return foreign.length > 0 && !/[a-z]/.test(label) && foreign.every((char) => CONFUSABLE.has(char));
}

function skeletonOf(text: string): string {
  if (DISTINCT.test(text) && !/rn|vv/.test(text)) return text;
  const letters = [...text].map((char) => CONFUSABLE.get(char) ?? char).join('');
  return letters.replaceAll('rn', 'm').replaceAll('vv', 'w');
}
