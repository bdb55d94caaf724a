import { AUTHZ_FILTER, RECEIPT_KEY } from './ext_authz.ts';
import { INSPECTED } from './inspection.ts';
import { type LocalReply, REPLIES } from './local_reply_list.ts';
import { extension, type Message } from './typed.ts';

/** What differs between listeners. */
interface Differences {
  /** Where the id of the receipt is found. */
  readonly receipt: string;
  /** Conditions of answers that are no errors. */
  readonly untouched: readonly string[];
}
const receiptOf = (filter: string): string => `%DYNAMIC_METADATA(${filter}:${RECEIPT_KEY})%`;
/** Named by the Check or, where that had to wait for the body, by what came of the reading; never by both. */
const ASKED: Differences = { receipt: receiptOf(AUTHZ_FILTER) + receiptOf(INSPECTED), untouched: [] };

/**
 * `application/problem+json` for everything Envoy refuses by itself, with causes kept inside. A gRPC client gets a status
 * from Envoy in any case, and the body as its message: for that it is one line.
 */
export function localReplies({ receipt, untouched }: Differences = ASKED): Message {
  return {
    mappers: [
      ...untouched.map((when) => ({ filter: filter(when) })),
      ...REPLIES.flatMap((reply) => [grpcMapper(reply, receipt), mapper(reply, receipt)]),
    ],
  };
}

function filter(when: string): Message {
  return {
    extension_filter: extension('cel', 'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter', {
      expression: when.replace(/\bd\./g, 'response.code_details.'),
    }),
  };
}

function mapper(reply: LocalReply, receipt: string): Message {
  return {
    filter: filter(reply.when),
    ...(reply.status === undefined ? {} : { status_code: reply.status }),
    headers_to_add: headers(reply),
    body_format_override: {
      content_type: 'application/problem+json',
      // A missing id is left out rather than shown as null.
      omit_empty_values: true,
      json_format: body(reply, receipt),
    },
  };
}

/** What Envoy takes for gRPC: anything else gets the status of HTTP, and a body. */
const IS_GRPC =
  "(request.headers['content-type'] == 'application/grpc' || request.headers['content-type'].startsWith('application/grpc+'))";

function grpcMapper(reply: LocalReply, receipt: string): Message {
  const { code, title, status } = reply;
  const grpc = status === undefined ? undefined : GRPC_STATUS[status];
  const shown = reply.receipt ? `; receipt ${receipt}` : '';
  return {
    filter: filter(`(${reply.when}) && ${IS_GRPC}`),
    ...(status === undefined ? {} : { status_code: status }),
    headers_to_add: [...headers(reply), ...(grpc === undefined ? [] : [set('grpc-status', String(grpc))])],
    body_format_override: {
      omit_empty_values: true,
      text_format_source: { inline_string: `${code}: ${title}${shown}` },
    },
  };
}

/** As in the gateway's own denials. Envoy would call a 429 unavailable, and a 400 an internal error. */
const GRPC_STATUS: Readonly<Record<number, number>> = {
  400: 9,
  403: 7,
  413: 8,
  429: 8,
  431: 9,
  502: 14,
  503: 14,
  504: 14,
};

function body(reply: LocalReply, receipt: string): Message {
  return {
    type: `urn:clawgress:reason:${reply.code}`,
    title: reply.title,
    status: reply.status ?? '%RESPONSE_CODE%',
    code: reply.code,
    detail: reply.detail,
    next_steps: [reply.next_step],
    request_id: '%REQ(X-REQUEST-ID)%',
    ...(reply.receipt ? { receipt_id: receipt } : {}),
  };
}

function set(key: string, value: string): Message {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

function headers(reply: LocalReply): Message[] {
  return [
    set('cache-control', 'no-store'),
    set('proxy-status', `clawgress; error=${reply.proxy_error}; details="${reply.code}"`),
    ...(reply.status === 503 || reply.status === 429 ? [set('retry-after', '1')] : []),
  ];
}
