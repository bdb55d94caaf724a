import type { Sabotage } from './sabotage.ts';

const MATRIX = 'test/e2e/matrix/matrix.test.ts';

/** Promises that are the same on every way in. */
export const WAYS_IN: readonly Sabotage[] = [
  {
    name: 'inner-without-its-tunnel',
    breaks: 'the receipt of a request inside names the CONNECT that it came through',
    file: 'src/server/propose.ts',
    find: '      ...(parent === undefined ? {} : { parent_decision: parent }),\n',
    replace: '      ...(parent === undefined ? {} : {}),\n',
    test: { file: MATRIX, name: 'HTTP/2 inside, deny' },
  },
  {
    name: 'original-destination-forgotten',
    breaks: 'the receipt of a redirected request says where its connection was made to',
    file: 'src/core/request/normalise.ts',
    find: '      : { original_destination: target.original_destination }),',
    replace: '      : {}),',
    test: { file: MATRIX, name: 'redirected, plain HTTP.*, allow' },
  },
  {
    name: 'challenge-of-an-origin',
    breaks: 'a proxy asks for credentials with 407',
    file: 'src/server/codec/check_response.ts',
    find: "return status === 401 && denial.mode === 'explicit' ? 407 : status;",
    replace: 'return status;',
    test: { file: MATRIX, name: 'any bytes .*, anonymous' },
  },
];
