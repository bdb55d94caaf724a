import { type Cidr, formatCidr } from './cidr.ts';
import { AUTHZ_FILTER, HELD_KEY, STAMP_KEY } from './ext_authz.ts';
import { INSPECTED } from './inspection.ts';
import { RELAY_PREFIX } from './relay_ticket.ts';
import { extension, type Message, typed } from './typed.ts';

const RBAC = 'envoy.extensions.filters.http.rbac.v3.RBAC';
const FIRST = 'cg.stamp';
const SECOND = 'cg.second_stamp';
/** Names the policy in `response_code_details`, where the local replies look for it. */
export const ADDRESS_POLICY = 'refused_address';

/** Fail closed even when ext_authz is skipped, misconfigured or told to fail open: no fresh stamp, no request. */
export function stampGuard(stamp: string): Message {
  return extension(FIRST, RBAC, stamped('stamp_', AUTHZ_FILTER, STAMP_KEY, stamp));
}

/**
 * The same again behind the reading of bodies, so that what is held cannot leave by a route that forgot to ask for more.
 */
export function secondGuard(stamp: string): Message {
  return extension(SECOND, RBAC, stamped('second_stamp_', AUTHZ_FILTER, STAMP_KEY, stamp));
}

/**
 * Of a route that inspects: comes in as held and as nothing else, and leaves when the gateway said so after it read the body.
 * The stamp of a Check counts for neither.
 */
export function inspectGuards(stamp: string): Message {
  const rules = (rbac: Message): Message => typed(`${RBAC}PerRoute`, { rbac });
  return {
    [FIRST]: rules(stamped('held_', AUTHZ_FILTER, HELD_KEY, stamp)),
    [SECOND]: rules(stamped('inspected_', INSPECTED, STAMP_KEY, stamp)),
  };
}

function stamped(rules_stat_prefix: string, filter: string, key: string, stamp: string): Message {
  const metadata_matcher = { filter, path: [{ key }], value: { string_match: { exact: stamp } } };
  return {
    rules_stat_prefix,
    rules: {
      action: 'ALLOW',
      policies: {
        stamped: { permissions: [{ any: true }], principals: [{ sourced_metadata: { metadata_matcher } }] },
      },
    },
  };
}

/** What comes from a relay was judged before; only a relay that read the stamp of this installation can say so. */
export function relayStampGuard(stamp: string): Message {
  return extension('cg.relay_stamp', RBAC, {
    rules_stat_prefix: 'relay_stamp_',
    rules: {
      action: 'ALLOW',
      policies: {
        stamped: {
          permissions: [{ any: true }],
          principals: [{ header: { name: `${RELAY_PREFIX}stamp`, string_match: { exact: stamp } } }],
        },
      },
    },
  });
}

/** Second belt behind the resolver's own filter, on the address that is about to be dialled. */
export function addressGuard(refused: readonly Cidr[]): Message {
  return extension('cg.ipdeny', RBAC, {
    rules_stat_prefix: 'ipdeny_',
    rules: {
      action: 'DENY',
      policies: {
        [ADDRESS_POLICY]: {
          permissions: [{ or_rules: { rules: refused.map(upstreamIp) } }],
          principals: [{ any: true }],
        },
      },
    },
  });
}

function upstreamIp(cidr: Cidr): Message {
  return {
    matcher: extension(
      'envoy.rbac.matchers.upstream_ip_port',
      'envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher',
      { upstream_ip: formatCidr(cidr) },
    ),
  };
}
