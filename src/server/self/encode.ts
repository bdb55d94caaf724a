import { envoy } from '../../gen/envoy.js';
import { SELF_RECEIPT } from '../codec/self_receipt.ts';

/** An answer of the gateway itself, about whoever asked. */
export interface SelfAnswer {
  readonly status: 200 | 404 | 429 | 503;
  /** Plain JSON. */
  readonly body: object;
}

type HeaderOption = envoy.config.core.v3.HeaderValueOption.$Properties;
const { OVERWRITE_IF_EXISTS_OR_ADD } = envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
// google.rpc.Code. To Envoy every answer that is not the destination's is a denial, whatever its HTTP status.
const RPC_PERMISSION_DENIED = 7;
const OK = 200;
const TOO_MANY = 429;

/** Bytes of a `CheckResponse` without stamp, so that nothing is forwarded. The access log is told that nothing was decided. */
export function encodeSelf({ status, body }: SelfAnswer): Uint8Array {
  const isProblem = status !== OK;
  return envoy.service.auth.v3.CheckResponse.encode({
    status: { code: RPC_PERMISSION_DENIED },
    deniedResponse: {
      status: { code: status },
      headers: [
        header('content-type', isProblem ? 'application/problem+json' : 'application/json'),
        header('cache-control', 'no-store'),
        ...(status === TOO_MANY ? [header('retry-after', '1')] : []),
      ],
      body: `${JSON.stringify(body)}\n`,
    },
    dynamicMetadata: { fields: { rid: { stringValue: SELF_RECEIPT } } },
  }).finish();
}

function header(key: string, value: string): HeaderOption {
  return { header: { key, value }, appendAction: OVERWRITE_IF_EXISTS_OR_ADD };
}
