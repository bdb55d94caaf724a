import { REASONS } from '../../core/verdict/reasons.ts';
import { envoy, type google } from '../../gen/envoy.js';
import type { AllowAnswer, DenialAnswer, HeldAnswer } from './answer.ts';
import { allowHeaders, denialHeaders, inspectHeaders, rewriteHeaders } from './answer_headers.ts';
import { FOLDED_RECEIPT } from './folded_receipt.ts';
import { grpcMessage } from './grpc_denial.ts';
import { problemBody } from './problem_body.ts';

type CheckResponse = envoy.service.auth.v3.CheckResponse.$Properties;

// google.rpc.Code. Envoy reads an absent status as OK, so every denial must carry another code.
const RPC_OK = 0;
const RPC_PERMISSION_DENIED = 7;

/** Bytes of the `CheckResponse` that forwards the request. The only place that writes the stamp of a Check. */
export function encodeAllow(allow: AllowAnswer): Uint8Array {
  return encode({
    status: { code: RPC_OK },
    okResponse: {
      headers: rewriteHeaders(allow),
      headersToRemove: [...allow.strip],
      responseHeadersToAdd: allowHeaders(allow),
    },
    dynamicMetadata: metadata({
      stamp: allow.stamp,
      rid: allow.receipt.id,
      ...tunnelFacts(allow),
      ...relayFacts(allow),
    }),
  });
}

/** Bytes of the `CheckResponse` that sends the request to where its body is looked at. No stamp: nothing is decided. */
export function encodeHeldCheck(held: HeldAnswer): Uint8Array {
  return encode({
    status: { code: RPC_OK },
    okResponse: { headers: inspectHeaders(held), headersToRemove: [...held.strip] },
    dynamicMetadata: metadata({ held: held.stamp, pending: held.pending }),
  });
}

/** Bytes of the `CheckResponse` that answers in place of the destination. */
export function encodeDenial(denial: DenialAnswer): Uint8Array {
  const status = statusOf(denial);
  return encode({
    status: { code: RPC_PERMISSION_DENIED },
    deniedResponse: {
      status: { code: status },
      headers: denialHeaders(denial, status),
      body: denial.grpc === true ? grpcMessage(denial) : problemBody(denial, status),
    },
    ...traceOf(denial),
  });
}

/** What crosses into the tunnel by Envoy's own state. */
function tunnelFacts({ tunnel }: AllowAnswer): Record<string, string> {
  if (tunnel === undefined) return {};
  const { host, port, ticket } = tunnel;
  return { host, port: String(port), ...(ticket === undefined ? {} : { tunnel: ticket }) };
}

/** What Envoy hands to the relay. */
function relayFacts({ way }: AllowAnswer): Record<string, string> {
  return way === undefined || way.route === 'websocket' ? {} : { relay: way.ticket };
}

/** What the access log keeps, so that a request that was decided is not taken for a gap. */
function traceOf({ receipt, folded }: DenialAnswer): Pick<CheckResponse, 'dynamicMetadata'> {
  const rid = receipt?.id ?? (folded === true ? FOLDED_RECEIPT : undefined);
  return rid === undefined ? {} : { dynamicMetadata: metadata({ rid }) };
}

/** A proxy asks for credentials with 407, an origin (which the base URL listener plays) with 401. */
function statusOf(denial: DenialAnswer): number {
  const { status } = REASONS[denial.reason];
  return status === 401 && denial.mode === 'explicit' ? 407 : status;
}

function metadata(values: Readonly<Record<string, string>>): google.protobuf.Struct.$Properties {
  const fields: Record<string, google.protobuf.Value.$Properties> = {};
  for (const [name, value] of Object.entries(values)) fields[name] = { stringValue: value };
  return { fields };
}

function encode(response: envoy.service.auth.v3.CheckResponse.$Properties): Uint8Array {
  return envoy.service.auth.v3.CheckResponse.encode(response).finish();
}
