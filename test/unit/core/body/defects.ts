/** Ways to spoil a JSON text whose meaning is known. `tokens` are those of the text without white space. */
export interface Defect {
  readonly name: string;
  /** What must come of it: the intended value, or a refusal. */
  readonly outcome: 'repaired' | 'refused';
  /** Spoilt texts; none if the text offers no occasion. */
  readonly spoil: (text: string, tokens: readonly string[]) => readonly string[];
}

export const tokensOf = (text: string): readonly string[] =>
  text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^{}[\],:"\s]+/g) ?? [];

const isKey = (tokens: readonly string[], i: number): boolean =>
  tokens[i]?.startsWith('"') === true && tokens[i + 1] === ':';
const isString = (token: string): boolean => token.startsWith('"');
/** A string in single quotes; `how` writes the double quotes in it. */
const single = (token: string, how: string): string =>
  `'${token.slice(1, -1).replace(/\\"|'/g, (one) => (one === "'" ? "\\'" : how))}'`;

type Change = (token: string, i: number, tokens: readonly string[]) => string;
const each =
  (change: Change, gap = ' ') =>
  (_: string, tokens: readonly string[]): readonly string[] => {
    const spoilt = tokens.map(change);
    return spoilt.join('') === tokens.join('') ? [] : [spoilt.join(gap)];
  };
/** The change at each single place where it changes something, a few of them. */
const anywhere =
  (change: Change) =>
  (_: string, tokens: readonly string[]): readonly string[] =>
    tokens
      .map((token, i) => tokens.map((other, j) => (i === j ? change(token, i, tokens) : other)).join(''))
      .filter((spoilt) => spoilt !== tokens.join(''))
      .slice(0, 12);
const around = (before: string, behind: string) => (text: string) => [`${before}${text}${behind}`];
const closing =
  (extra: string, brackets = '}]'): Change =>
  (token, i, tokens) =>
    brackets.includes(token) && !'{['.includes(tokens[i - 1] ?? '{') ? `${extra}${token}` : token;
const atCommas =
  (text: string): Change =>
  (token) =>
    token === ',' ? `,${text}` : token;
const bareKey: Change = (token, i, tokens) =>
  isKey(tokens, i) && /^"[A-Za-z_$][\w$]*"$/.test(token) ? token.slice(1, -1) : token;
const keyAs =
  (key: string): Change =>
  (token, i, tokens) =>
    isKey(tokens, i) ? key : token;
const valueAs =
  (value: string): Change =>
  (token, i, tokens) =>
    !'{}[],:'.includes(token) && !isKey(tokens, i) ? value : token;

function defects(
  outcome: Defect['outcome'],
  list: Readonly<Record<string, Defect['spoil']>>,
): readonly Defect[] {
  return Object.entries(list).map(([name, spoil]) => ({ name, outcome, spoil }));
}

const REPAIRED = defects('repaired', {
  'fence of json': around('```json\n', '\n```'),
  'fence without language': around('```\n', '\n```\n'),
  'fence in capitals, with CRLF': around('```JSON  \r\n', '\r\n```\r\n\r\n'),
  'fence of json5 behind blank lines': around(' \n\n```json5\n', '\n```'),
  'byte order mark': around('\ufeff', ''),
  'byte order mark and fence': around('\ufeff```jsonc\n', '\n```'),
  'trailing comma in objects': each(closing(',', '}')),
  'trailing comma in arrays': each(closing(' ,', ']')),
  'trailing commas before line ends': each(closing(',\n'), '\n'),
  'trailing comma before a comment': each(closing(', // the last, really\n')),
  'trailing comma behind a comment': each(closing('/* , */,')),
  'line comments': each(atCommas('// a comment, with: "all", [that] {is}\n')),
  'line comments with CRLF': each(atCommas("// it's\r\n")),
  'line comment with stars': each(atCommas('// */ /* ``` é \t\n')),
  'line comment in front': around('// config\n', ''),
  'line comment at the end without a line end': around('', ' // done'),
  'block comments everywhere': each((token) => `/*x*/${token}/**/`, ''),
  'block comments of several lines': each(atCommas('/* a\r\n * "b": 1,\n ** // c é\n */')),
  'block comment with brackets and apostrophes': each(atCommas("/* }]'\" isn't */")),
  'values in single quotes': each((token, i, tokens) =>
    isString(token) && !isKey(tokens, i) ? single(token, '"') : token,
  ),
  'keys in single quotes': each((token, i, tokens) => (isKey(tokens, i) ? single(token, '\\"') : token)),
  'everything in single quotes, double ones escaped': each((token) =>
    isString(token) ? single(token, '\\"') : token,
  ),
  'everything in single quotes, without space': each(
    (token) => (isString(token) ? single(token, '"') : token),
    '',
  ),
  'keys without quotes': each(bareKey),
  'keys without quotes, no space': each(bareKey, ''),
  'keys without quotes before comments': each((token, i, tokens) => {
    const bare = bareKey(token, i, tokens);
    return bare === token ? token : `${bare}/*:*/ // :\n`;
  }),
  'all of JSON5 in a fence': (_, tokens) => [
    `\ufeff\n\`\`\`json5\n// x\n${tokens
      .map((token, i) => {
        const key = bareKey(token, i, tokens);
        return closing(',\n')(isString(key) ? single(key, '"') : key, i, tokens);
      })
      .join(' /*,*/ ')}\n\`\`\`\n`,
  ],
});

const REFUSED = defects('refused', {
  'cut at each token': (_, tokens) => tokens.slice(0, -1).map((__, i) => tokens.slice(0, i + 1).join('')),
  'cut behind a trailing comma': (_, tokens) =>
    tokens.flatMap((token, i) => (token === ',' ? [tokens.slice(0, i + 1).join('')] : [])),
  'cut inside a fence': (text) => [`\`\`\`json\n${text.slice(0, -1)}\n\`\`\``],
  'fence without an end': around('```json\n', ''),
  'fence without a beginning': around('', '\n```'),
  'prose before a fence': around('Here you are:\n```json\n', '\n```'),
  'prose behind a fence': around('```json\n', '\n```\nHope this helps!'),
  'prose behind a fence on its line': around('```json\n', '\n``` done'),
  'prose without a fence': around('Sure! ', ''),
  'nested fences': around('```\n```json\n', '\n```\n```'),
  'two fences': (text) => [`\`\`\`json\n${text}\n\`\`\`\n\`\`\`json\n${text}\n\`\`\``],
  'fence of tildes': around('~~~json\n', '\n~~~'),
  'fence of four': around('````json\n', '\n````'),
  'fence on one line': (text) => [`\`\`\`json ${text}\`\`\``, `\`\`\`json\n${text}\`\`\``, `\`${text}\``],
  'fence of another language': around('```python\n', '\n```'),
  'indented fence': (text) => [`  \`\`\`json\n${text}\n\`\`\``, `\`\`\`json\n${text}\n  \`\`\``],
  'closing fence inside a comment': (text) => [
    `\`\`\`json\n${text} // \`\`\``,
    `\`\`\`json\n${text}/*\n\`\`\``,
  ],
  'comment before a fence': around('// x\n```json\n', '\n```'),
  'two byte order marks': around('\ufeff\ufeff', ''),
  'byte order mark behind space': around(' \ufeff', ''),
  'byte order mark inside': (_, tokens) => [tokens.join('\ufeff')],
  'comment without an end': around('', ' /* done'),
  'comment that ends twice': around('', '/* /* */ */'),
  'comment inside a comment': around('', '/* /* */'),
  'comment cut by a lone CR': anywhere(atCommas('// x\r\r\n')),
  'comment cut by U+2028': anywhere(atCommas('// x\u2028\n')),
  'comment cut by U+2029': anywhere(atCommas('// x\u2029\n')),
  'comment with NEL': anywhere(atCommas('// x\u0085\n')),
  'comment with form feed': anywhere(atCommas('// x\f\n')),
  'comment with NUL': anywhere(atCommas('/* \0 */')),
  'comment with half a slash': anywhere(atCommas('/ x\n')),
  'comment of a shell': anywhere(atCommas('# x\n')),
  'comment of HTML': anywhere(atCommas('<!-- x -->')),
  'comment of SQL': anywhere(atCommas('-- x\n')),
  'comment inside a literal': anywhere((token) =>
    /^(true|false|null)$/.test(token) ? `${token[0]}/**/${token.slice(1)}` : token,
  ),
  'comment inside a number': anywhere((token) =>
    /^-?\d\d/.test(token) ? token.replace(/\d(?=\d)/, '$&/**/') : token,
  ),
  'comma missing': anywhere((token) => (token === ',' ? ' ' : token)),
  'comma missing between lines': anywhere((token) => (token === ',' ? '\n' : token)),
  'comma missing behind a comment': anywhere((token) => (token === ',' ? '/*,*/' : token)),
  'comma doubled': anywhere(atCommas(',')),
  'comma doubled at the end': anywhere(closing(',,')),
  'comma in front': anywhere((token) => ('{['.includes(token) ? `${token},` : token)),
  'comma behind everything': around('', ','),
  'semicolon for a comma': anywhere((token) => (token === ',' ? ';' : token)),
  'semicolon behind everything': around('', ';'),
  'colon missing': anywhere((token) => (token === ':' ? ' ' : token)),
  'equals for a colon': anywhere((token) => (token === ':' ? '=' : token)),
  'arrow for a colon': anywhere((token) => (token === ':' ? '=>' : token)),
  // Not the last of an array: what is left then is a trailing comma, for whoever reads it.
  'value missing': anywhere((token, i, tokens) =>
    tokens[i + 1] === ']' ? token : valueAs('')(token, i, tokens),
  ),
  'value without quotes': anywhere(valueAs('value')),
  'literals of Python': (text, tokens) =>
    ['True', 'False', 'None'].flatMap((one) => anywhere(valueAs(one))(text, tokens)),
  'literals of JavaScript': (text, tokens) =>
    ['undefined', 'NaN', 'Infinity', '-Infinity'].flatMap((one) => anywhere(valueAs(one))(text, tokens)),
  'literals in capitals': anywhere(valueAs('TRUE')),
  'numbers of other languages': (text, tokens) =>
    ['0x1F', '+1', '.5', '5.', '007', '1_000', '1e', '1n', '1,000.5e', '--1'].flatMap((one) =>
      anywhere(valueAs(one))(text, tokens),
    ),
  'numbers that no double holds': (text, tokens) =>
    ['9007199254740993', '1e999'].flatMap((one) => anywhere(valueAs(`${one}/**/`))(text, tokens)),
  'apostrophe inside single quotes': anywhere(valueAs("'it's'")),
  'apostrophe inside single quotes, then a comma': anywhere(valueAs("'it's, isn't it'")),
  'quotes that do not match': anywhere(valueAs('"x\'')),
  'single quotes that do not match': anywhere(valueAs('\'x"')),
  'typographic quotes': anywhere(valueAs('“x”')),
  'backtick strings': anywhere(valueAs('`x`')),
  'triple quotes': anywhere(valueAs('"""x"""')),
  'line end inside a string': anywhere(valueAs('"a\nb"')),
  'line end inside single quotes': anywhere(valueAs("'a\nb'")),
  'line continued inside single quotes': anywhere(valueAs("'a\\\nb'")),
  'escapes of other languages': (text, tokens) =>
    ["'\\x41'", "'\\v'", "'\\0'", "'\\u{41}'", "'\\/'", '"\\x41"', '"\\\'"', "'\\", "'\\ud800'"].flatMap(
      (one) => anywhere(valueAs(one))(text, tokens),
    ),
  'prefixed strings': anywhere(valueAs("u'x'")),
  'concatenation by plus': anywhere(valueAs('"a" + "b"')),
  'concatenation by neighbourhood': anywhere(valueAs("'a' 'b'")),
  'keys that are literals elsewhere': (text, tokens) =>
    ['true', 'null', 'None', 'NaN', 'undefined'].flatMap((one) => anywhere(keyAs(one))(text, tokens)),
  'keys that are numbers': anywhere(keyAs('12')),
  'keys with hyphens': anywhere(keyAs('a-b')),
  'keys with dots': anywhere(keyAs('a.b')),
  'keys of two words': anywhere(keyAs('a b')),
  'keys with unicode escapes': anywhere(keyAs('\\u0061b')),
  'keys beyond ASCII': anywhere(keyAs('schlüssel')),
  'keys in brackets': anywhere(keyAs('["a"]')),
  'keys that are forbidden': anywhere(keyAs('__proto__')),
  'keys alone': anywhere((token) => (token === '{' ? '{key,' : token)),
  'doubled by removing quotes': anywhere((token, i, tokens) =>
    isKey(tokens, i) && bareKey(token, i, tokens) !== token
      ? `${bareKey(token, i, tokens)}:0,${token}`
      : token,
  ),
  'two texts': (text) => [`${text}${text}`, `${text}\n${text}`, `${text},${text}`, `${text}// x\n1`],
  'brackets that do not match': (_, tokens) => [
    [...tokens.slice(0, -1), tokens.at(-1) === '}' ? ']' : '}'].join(''),
  ],
  'bracket too many': (_, tokens) => [[...tokens, tokens.at(-1) ?? ''].join('')],
  parentheses: around('(', ')'),
  call: around('callback(', ');'),
  assignment: around('const x = ', ';'),
  elision: anywhere(closing(', ...')),
  'spaces beyond ASCII': (_, tokens) => [tokens.join('\u00a0'), tokens.join('\u3000')],
  'protection against inclusion': around(")]}',\n", ''),
});

export const DEFECTS: readonly Defect[] = [...REPAIRED, ...REFUSED];
