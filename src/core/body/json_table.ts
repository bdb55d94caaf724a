/** Where a reader of JSON stands between two tokens; beyond SETTLED a token is under way. */
export const STATE = {
  start: 0,
  value: 1,
  elementOrEnd: 2,
  keyOrEnd: 3,
  key: 4,
  colon: 5,
  afterElement: 6,
  afterMember: 7,
  done: 8,
  settled: 8,
  inString: 9,
  inKey: 10,
  inNumber: 11,
  inWord: 12,
  inBom: 13,
} as const;

/** What a byte does there; from `string` on it begins something longer. */
export const ACTION = {
  refuse: 0,
  space: 1,
  openObject: 2,
  openArray: 3,
  close: 4,
  colon: 5,
  comma: 6,
  string: 7,
  key: 8,
  number: 9,
  word: 10,
  bom: 11,
} as const;

const VALUES: readonly (readonly [string, number])[] = [
  ['{', ACTION.openObject],
  ['[', ACTION.openArray],
  ['"', ACTION.string],
  ['-0123456789', ACTION.number],
  ['tfn', ACTION.word],
];

const RULES: readonly (readonly [number, readonly (readonly [string, number])[]])[] = [
  [STATE.start, [...VALUES, ['\xef', ACTION.bom]]],
  [STATE.value, VALUES],
  [STATE.elementOrEnd, [...VALUES, [']', ACTION.close]]],
  [
    STATE.keyOrEnd,
    [
      ['"', ACTION.key],
      ['}', ACTION.close],
    ],
  ],
  [STATE.key, [['"', ACTION.key]]],
  [STATE.colon, [[':', ACTION.colon]]],
  [
    STATE.afterElement,
    [
      [',', ACTION.comma],
      [']', ACTION.close],
    ],
  ],
  [
    STATE.afterMember,
    [
      [',', ACTION.comma],
      ['}', ACTION.close],
    ],
  ],
  [STATE.done, []],
];

/** (state << 8 | byte) to action. */
export const ACTIONS: Uint8Array = tableOf();

function tableOf(): Uint8Array {
  const table = new Uint8Array((STATE.settled + 1) << 8);
  for (const [state, rules] of RULES) {
    for (const [characters, action] of [...rules, [' \t\n\r', ACTION.space] as const]) {
      for (const character of characters) table[(state << 8) | character.charCodeAt(0)] = action;
    }
  }
  return table;
}
