import { envoy } from '../../../src/gen/envoy.js';

const WAYS = ['websocket', 'relay_websocket', 'relay_http', 'no-such-way'] as const;
type Way = (typeof WAYS)[number];
const { CheckResponse } = envoy.service.auth.v3;
const { OVERWRITE_IF_EXISTS_OR_ADD } = envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;

export const wayOf = (wish: string): Way | undefined => WAYS.find((way) => way === wish);

/** The allow of a gateway that also chose a way, and with a relay a ticket. */
export function withWay(allow: Uint8Array, way: Way, ticket: string): Uint8Array {
  const said = CheckResponse.decode(allow);
  const headers = said.okResponse?.headers ?? [];
  headers.push({ header: { key: 'x-cg-route', value: way }, appendAction: OVERWRITE_IF_EXISTS_OR_ADD });
  const fields = said.dynamicMetadata?.fields;
  if (way.startsWith('relay_') && fields) fields['relay'] = { stringValue: ticket };
  return CheckResponse.encode(said).finish();
}

/** As long as a ticket may be. */
const PENDING_CHARS = 24_500;

/** What the gateway says of a request whose body it wants to read, and what it must not say. */
export interface Held {
  /** Of `x-cg-route`; absent: none. */
  readonly way?: 'inspect';
  /** Instead of those of an allow. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * `inspect` is right. Otherwise: `held` on a plain route, `stamp` alone on the inspect route, both of them there, the wrong
 * `held`, and none.
 */
export function heldOf(wish: string, stamp: string, receiptId: string): Held | undefined {
  const pending = `sealed.${receiptId}.${'p'.repeat(PENDING_CHARS)}`;
  if (wish === 'inspect') return { way: 'inspect', metadata: { held: stamp, pending } };
  if (wish === 'held-plain') return { metadata: { held: stamp, pending } };
  if (wish === 'inspect-stamped') return { way: 'inspect', metadata: { stamp, pending } };
  if (wish === 'inspect-both') return { way: 'inspect', metadata: { held: stamp, stamp, pending } };
  if (wish === 'inspect-misheld') return { way: 'inspect', metadata: { held: `${stamp}0`, pending } };
  return wish === 'inspect-unheld' ? { way: 'inspect', metadata: { pending } } : undefined;
}

export function withHeld(allow: Uint8Array, { way, metadata }: Held): Uint8Array {
  const said = CheckResponse.decode(allow);
  const headers = (said.okResponse?.headers ?? []).filter(({ header }) => header?.key !== 'x-cg-route');
  if (way !== undefined)
    headers.push({ header: { key: 'x-cg-route', value: way }, appendAction: OVERWRITE_IF_EXISTS_OR_ADD });
  const fields = Object.entries(metadata).map(([key, stringValue]) => [key, { stringValue }]);
  return CheckResponse.encode({
    ...said,
    okResponse: { ...said.okResponse, headers, responseHeadersToAdd: [] },
    dynamicMetadata: { fields: Object.fromEntries(fields) },
  }).finish();
}

/** A denial in the form that Envoy makes a gRPC status of: `grpc-status` as a header, and the message as the body. */
export function grpcDenial(status: number, grpc: number, message: string): Uint8Array {
  return CheckResponse.encode({
    status: { code: 7 },
    deniedResponse: {
      status: { code: status },
      headers: [
        { header: { key: 'grpc-status', value: String(grpc) }, appendAction: OVERWRITE_IF_EXISTS_OR_ADD },
      ],
      body: message,
    },
  }).finish();
}
