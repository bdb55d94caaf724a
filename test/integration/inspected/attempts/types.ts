import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type Attempt, each, type Headers, JSON_TYPE, OK, typed } from '../attempt.ts';

/** A frame of zstd with one raw block. */
const ZSTD = Buffer.concat([
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, OK.length, (OK.length << 3) | 1, 0, 0]),
  Buffer.from(OK),
]);
const PART = [
  '--b',
  'content-disposition: form-data; name="x"',
  'content-type: application/json',
  '',
  OK,
  '--b--',
  '',
].join('\r\n');
const DROP = '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "drop"}}';
const TWICE = DROP.replace('"method"', '"method": "ping", "method"');
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

const money = (name: string, expected: Attempt['expected'], ...headers: readonly Headers[]) =>
  each(
    { name, to: 'money', expected },
    headers.map((one) => ({ body: OK, headers: one })),
  );
const guarded = (
  name: string,
  expected: Attempt['expected'],
  variants: readonly (readonly [string, string | Buffer])[],
) =>
  each(
    { name, to: 'guarded', expected },
    variants.map(([type, body]) => ({ body, headers: type === '' ? [] : typed(type) })),
  );
const encoded = (value: string, body: Buffer) => ({
  body,
  headers: [...JSON_TYPE, ['content-encoding', value]] as const,
});

/** What the headers say of the body. */
export const TYPES: readonly Attempt[] = [
  ...money('no content-type', 'BODY_TYPE_REFUSED CONTENT_TYPE_MISMATCH', []),
  ...money(
    'another content-type on JSON',
    'BODY_TYPE_REFUSED CONTENT_TYPE_MISMATCH',
    typed('text/plain'),
    typed('application/x-www-form-urlencoded'),
    typed('application/octet-stream'),
    typed('text/html; application/json'),
    typed('application/jsonp'),
  ),
  ...money(
    'two content-types',
    'BODY_TYPE_REFUSED CONTENT_TYPE_MISMATCH',
    [...JSON_TYPE, ...typed('text/html')],
    [...typed('text/plain'), ...JSON_TYPE],
    typed('application/json,text/html'),
  ),
  ...money(
    'a charset that is not UTF-8',
    'BODY_TYPE_REFUSED CHARSET_REFUSED',
    typed('application/json; charset=utf-7'),
    typed('application/json; charset=utf-16'),
    typed('application/json; charset="iso-8859-1"'),
  ),
  ...money(
    'a charset twice',
    'BODY_TYPE_REFUSED CHARSET_REFUSED',
    typed('application/json; charset=utf-8; charset=utf-7'),
  ),
  ...money(
    'charset UTF-8 in any spelling',
    'sent',
    typed('application/json;charset="UTF-8"'),
    typed('APPLICATION/JSON; charset=utf8'),
  ),
  ...each({ name: 'gzip, deflate, br, zstd', to: 'money', expected: 'BODY_TYPE_REFUSED ENCODING_REFUSED' }, [
    encoded('gzip', gzipSync(OK)),
    encoded('deflate', deflateSync(OK)),
    encoded('deflate', deflateRawSync(OK)),
    encoded('br', brotliCompressSync(OK)),
    encoded('zstd', ZSTD),
  ]),
  ...each({ name: 'the encoding `identity`', to: 'money', expected: 'sent' }, [
    encoded('identity', Buffer.from(OK)),
  ]),
  ...each(
    {
      name: '`identity, gzip`, two encodings, an empty one',
      to: 'money',
      expected: 'BODY_TYPE_REFUSED ENCODING_REFUSED',
    },
    [
      encoded('identity, gzip', gzipSync(OK)),
      encoded('', Buffer.from(OK)),
      { body: OK, headers: [...JSON_TYPE, ['content-encoding', 'identity'], ['content-encoding', 'gzip']] },
    ],
  ),
  ...each(
    { name: 'an encoding on what is plain', to: 'money', expected: 'BODY_TYPE_REFUSED ENCODING_REFUSED' },
    [encoded('gzip', Buffer.from(OK))],
  ),
  ...each({ name: 'gzip that nobody names', to: 'money', expected: 'BODY_INVALID UNEXPECTED_BYTE' }, [
    { body: gzipSync(OK), headers: JSON_TYPE },
  ]),
  ...each({ name: 'a part of a form', to: 'money', expected: 'BODY_TYPE_REFUSED CONTENT_TYPE_MISMATCH' }, [
    { body: PART, headers: typed('multipart/form-data; boundary=b') },
    { body: PART, headers: typed('multipart/mixed; boundary=b') },
  ]),
  ...each({ name: 'a part of a form where nobody asks for JSON', to: 'any', expected: 'sent' }, [
    { body: PART, headers: typed('multipart/form-data; boundary=b') },
  ]),
  ...guarded('a denied call of a tool under any type', 'POLICY_DENY', [
    ['application/json', DROP],
    ['', DROP],
    ['text/plain', DROP],
    ['application/x-www-form-urlencoded', DROP],
    ['application/x-ndjson', `${DROP}\n`],
  ]),
  ...guarded('a denied call of a tool in a text that only lax readers take', 'AI_UNREADABLE', [
    ['text/plain', TWICE],
    ['', Buffer.concat([BOM, Buffer.from(DROP)])],
    ['text/plain', Buffer.from(DROP, 'utf16le')],
    ['text/plain', Buffer.from(`\ufeff${DROP}`, 'utf16le')],
    ['text/plain', Buffer.from(DROP, 'utf16le').swap16()],
    ['text/plain', `${DROP.slice(0, -1)},}`],
    ['text/plain', `${DROP}${DROP}`],
    ['text/plain', `\0 ${DROP}`],
    ['text/plain', `// call\n${DROP}`],
    ['text/plain; charset=utf-7', DROP.replaceAll('{', '+AHs-').replaceAll('}', '+AH0-')],
  ]),
  ...guarded('denied calls among lines of JSON', 'AI_UNREADABLE BATCH', [
    ['application/x-ndjson', `{"a": 1}\n${DROP}\n`],
    ['application/json-seq', `\x1e${DROP}\n\x1e${DROP}\n`],
  ]),
  ...each(
    {
      name: 'a denied call of a tool, encoded',
      to: 'guarded',
      expected: 'BODY_TYPE_REFUSED ENCODING_REFUSED',
    },
    [encoded('gzip', gzipSync(DROP)), { body: gzipSync(DROP), headers: [['content-encoding', 'gzip']] }],
  ),
  ...guarded('a denied call of a tool that calls itself gRPC', 'BODY_NOT_COMPLETED', [
    ['application/grpc', DROP],
    ['application/grpc+json', DROP],
  ]),
  ...guarded('a text that is no call of anything', 'sent', [
    ['text/plain', 'hello'],
    ['application/json', '{"a": 1}'],
    ['application/x-www-form-urlencoded', 'a=1'],
    ['application/x-ndjson', '{"a": 1}\n{"a": 2}\n'],
  ]),
];
