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
