import { type Cidr, formatCidr } from './cidr.ts';
import { AUTHZ_FILTER, STAMP_KEY } from './ext_authz.ts';
import { RELAY_PREFIX } from './relay_ticket.ts';
import { extension, type Message } from './typed.ts';

const RBAC = 'envoy.extensions.filters.http.rbac.v3.RBAC';
/** Names the policy in `response_code_details`, where the local replies look for it. */
export const ADDRESS_POLICY = 'refused_address';

/** Fail closed even when ext_authz is skipped, misconfigured or told to fail open: no fresh stamp, no request. */
export function stampGuard(stamp: string): Message {
  const metadata_matcher = {
    filter: AUTHZ_FILTER,
    path: [{ key: STAMP_KEY }],
    value: { string_match: { exact: stamp } },
  };
  return extension('cg.stamp', RBAC, {
    rules_stat_prefix: 'stamp_',
    rules: {
      action: 'ALLOW',
      policies: {
        stamped: { permissions: [{ any: true }], principals: [{ sourced_metadata: { metadata_matcher } }] },
      },
    },
  });
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
