import { fail, ok, type Result } from '../result.ts';
import type { Protocol, RawRequest, RequestProblem } from './egress_request.ts';
import { announcesBody } from './headers.ts';

type Headers = RawRequest['headers'];

/** 16 bytes in base64, the unused bits of the last digit zero (RFC 6455, section 4.1). */
const WEBSOCKET_KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;
/**
 * The media type alone or with a subtype of messages, anywhere among several: the way in joins headers that were sent
 * twice, and servers differ in which they believe. Not `application/grpc-web`, which is plain HTTP.
 */
const GRPC_TYPE = /(?:^|,)[ \t]*application\/grpc(?:$|[+;, \t])/i;

/**
 * What a request is, by its headers. Whatever asks for an upgrade is a strict WebSocket handshake or refused: a server
 * must never switch to something that was judged as a plain request.
 */
export function protocolOf({ method, headers }: RawRequest): Result<Protocol, RequestProblem> {
  if (asksUpgrade(headers))
    return method === 'GET' && isHandshake(headers) ? ok('websocket') : fail('UPGRADE_INVALID');
  return ok(method === 'POST' && isGrpcType(headers) ? 'grpc' : 'http');
}

function asksUpgrade(headers: Headers): boolean {
  return headers.some(({ name }) => name === 'upgrade') || connectionNamesUpgrade(headers);
}

function connectionNamesUpgrade(headers: Headers): boolean {
  return headers.some(
    ({ name, value }) =>
      name === 'connection' &&
      value
        .toLowerCase()
        .split(',')
        .some((token) => token.trim() === 'upgrade'),
  );
}

function isHandshake(headers: Headers): boolean {
  return (
    connectionNamesUpgrade(headers) &&
    /^websocket$/i.test(only(headers, 'upgrade')) &&
    only(headers, 'sec-websocket-version') === '13' &&
    WEBSOCKET_KEY.test(only(headers, 'sec-websocket-key')) &&
    !announcesBody(headers)
  );
}

/** The value of a header that stands there once; else nothing. */
function only(headers: Headers, wanted: string): string {
  const [first, second] = headers.filter(({ name }) => name === wanted);
  return first === undefined || second !== undefined ? '' : first.value;
}

function isGrpcType(headers: Headers): boolean {
  return headers.some(({ name, value }) => name === 'content-type' && GRPC_TYPE.test(value.trim()));
}
