import { type Attempt, each, type Headers, JSON_TYPE, OK, OLD_WAYS } from '../attempt.ts';

const WITH_LENGTH: Headers = [...JSON_TYPE, ['content-length', String(OK.length)]];
const CHUNKED = `${OK.length.toString(16)}\r\n${OK}\r\n0\r\n\r\n`;
const framed = (name: string, ...headers: readonly Headers[]): Attempt[] =>
  each(
    { name, to: 'money', framing: 'own', ways: OLD_WAYS, expected: 'refused' },
    headers.map((one) => ({ body: CHUNKED, headers: [...JSON_TYPE, ...one] })),
  );
const H2C: Headers = [
  ['connection', 'upgrade, http2-settings'],
  ['upgrade', 'h2c'],
  ['http2-settings', 'AAMAAABkAAQAAP__'],
];
const ours = (name: string, headers: Headers): Attempt[] => [
  { name, to: 'money', headers: [...JSON_TYPE, ...headers], body: OK, expected: 'sent' },
  {
    name,
    to: 'money',
    headers: [...JSON_TYPE, ...headers],
    body: '{"amount": 500}',
    expected: 'SCHEMA_INVALID',
  },
];

/** What stands around the body. */
export const REQUESTS: readonly Attempt[] = [
  { name: 'chunked', to: 'money', headers: JSON_TYPE, body: OK, framing: 'chunked', expected: 'sent' },
  ...each(
    { name: 'chunked with blanks around it', to: 'money', framing: 'own', ways: OLD_WAYS, expected: 'sent' },
    [{ body: CHUNKED, headers: [...JSON_TYPE, ['transfer-encoding', '  chunked \t']] }],
  ).map((one) => ({ ...one, arrives: OK })),
  ...framed('chunked and a length', [
    ['content-length', String(OK.length)],
    ['transfer-encoding', 'chunked'],
  ]),
  ...framed(
    'a transfer-encoding other than `chunked`',
    [['transfer-encoding ', 'chunked']],
    [
      ['transfer-encoding', 'chunked'],
      ['transfer-encoding', 'identity'],
    ],
    [['transfer-encoding', 'chunked, identity']],
    [['transfer-encoding', 'gzip, chunked']],
    [['transfer-encoding', 'xchunked']],
    [['transfer-encoding', '"chunked"']],
  ),
  ...each(
    {
      name: 'two lengths, or one that is none',
      to: 'money',
      framing: 'own',
      ways: OLD_WAYS,
      expected: 'refused',
    },
    [
      { body: OK, headers: [...WITH_LENGTH, ['content-length', '3']] },
      { body: OK, headers: [...JSON_TYPE, ['content-length', '0x0d']] },
      { body: OK, headers: [...JSON_TYPE, ['content-length', '-1']] },
    ],
  ),
  ...each({ name: 'GET, HEAD or DELETE with a body', to: 'money', expected: 'SCHEMA_INVALID' }, [
    { body: '{"amount": 500}', headers: JSON_TYPE },
  ]).flatMap((one) => ['GET', 'HEAD', 'DELETE'].map((method) => ({ ...one, method }))),
  ...each({ name: 'GET without a body', to: 'money', expected: 'BODY_INVALID' }, [{ headers: [] }]).map(
    (one) => ({
      ...one,
      method: 'GET',
    }),
  ),
  ...each({ name: 'another method in a header', to: 'reads', expected: 'OVERRIDE_HEADER' }, [
    { body: OK, headers: [...JSON_TYPE, ['x-http-method-override', 'DELETE']] },
    { body: OK, headers: [...JSON_TYPE, ['x-method-override', 'GET']] },
  ]),
  ...ours('headers that name our way', [
    ['x-cg-route', 'plain'],
    ['x-cg-tunnel', 'x'],
    ['x-envoy-original-path', '/plain'],
  ]),
  ...ours('headers that look like our answers and metadata', [
    ['x-clawgress-receipt', '01a1ffff-1141-7021-838b-4d9db59432dd'],
    ['x-clawgress-stamp', 'x'],
    ['stamp', 'x'],
    ['held', 'x'],
    ['pending', 'x'],
    ['cg.inspected', 'x'],
  ]),
  {
    ...{
      name: 'our way, named where nobody looks at bodies',
      to: 'plain',
      headers: [...JSON_TYPE, ['x-cg-route', 'inspect']],
    },
    ...{ body: OK, expected: 'sent' },
  },
  ...each({ name: 'an upgrade to WebSocket', to: 'money', ways: OLD_WAYS, expected: 'UPGRADE_NOT_ALLOWED' }, [
    {
      headers: [
        ['connection', 'upgrade'],
        ['upgrade', 'websocket'],
        ['sec-websocket-version', '13'],
        ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ],
    },
  ]).map((one) => ({ ...one, method: 'GET' })),
  ...each({ name: 'an upgrade with a body', to: 'money', ways: OLD_WAYS, expected: 'UPGRADE_INVALID' }, [
    {
      body: OK,
      headers: [
        ...JSON_TYPE,
        ['connection', 'upgrade'],
        ['upgrade', 'websocket'],
        ['sec-websocket-version', '13'],
        ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ],
    },
  ]),
  ...each({ name: 'an upgrade to h2c', to: 'money', ways: OLD_WAYS, expected: 'SCHEMA_INVALID' }, [
    { body: '{"amount": 500}', headers: [...JSON_TYPE, ...H2C] },
  ]),
  ...each({ name: 'an upgrade to h2c', to: 'money', ways: OLD_WAYS, expected: 'sent' }, [
    { body: OK, headers: [...JSON_TYPE, ...H2C] },
  ]),
  ...each({ name: 'headers of HTTP/1.1 in HTTP/2', to: 'money', ways: ['inside_h2'], expected: 'refused' }, [
    { body: OK, headers: [...JSON_TYPE, ['transfer-encoding', 'chunked']] },
    { body: OK, headers: [...JSON_TYPE, ['upgrade', 'websocket']] },
    { body: OK, headers: [...JSON_TYPE, ['connection', 'content-type']] },
  ]),
];
