type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;
const nodeOf = (value: unknown): Node => (isNode(value) ? value : {});
const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

const FILTER = 'envoy.filters.http.ext_proc';
const TYPES = 'type.googleapis.com/envoy.extensions.filters.http';
const READER = `${TYPES}.ext_proc.v3.ExternalProcessor`;
const GUARD = `${TYPES}.rbac.v3.RBAC`;

/** What a guard has to ask for. */
export function rulesOf(filter: string, key: string, stamp: string): Node {
  const value = { string_match: { exact: stamp } };
  const principal = { sourced_metadata: { metadata_matcher: { filter, path: [{ key }], value } } };
  return {
    action: 'ALLOW',
    policies: { stamped: { permissions: [{ any: true }], principals: [principal] } },
  };
}

/** Why bodies could go on unread, or somebody else could say that they were read, in this chain of filters. */
export function readingLeaks(filters: readonly Node[], stamp: string): string[] {
  const types = filters.map((filter) => nodeOf(filter['typed_config'])['@type']);
  const at = types.indexOf(READER);
  if (at < 0) return [];
  const leaks: string[] = [];
  const reader = nodeOf(filters[at]?.['typed_config']);
  if (types.lastIndexOf(READER) !== at || filters[at]?.['name'] !== FILTER)
    leaks.push('two readers, or another name');
  if (types.indexOf(GUARD) > at) leaks.push('bodies are read before the first guard');
  if (reader['failure_mode_allow'] !== false) leaks.push('bodies go on when nobody reads them');
  if (reader['route_cache_action'] !== 'RETAIN') leaks.push('a reader can choose the route');
  const { receiving_namespaces: said } = nodeOf(reader['metadata_options']);
  if (!same(said, { untyped: ['cg.inspected'] })) leaks.push('a reader can speak for the Check');
  const rules = nodeOf(reader['mutation_rules']);
  const pattern = new RegExp(String(nodeOf(rules['allow_expression'])['regex']));
  const kept = [':scheme', ':authority', ':method', 'host', 'authorization', 'x-cg-route', 'cg-relay-ticket'];
  if (!same(rules['disallow_all'], { value: true }) || kept.some((name) => pattern.test(name)))
    leaks.push('a reader can change what was judged');
  const next = nodeOf(filters[at + 1]?.['typed_config']);
  const asked = nodeOf(next['rules']);
  if (next['@type'] !== GUARD || !same(asked, rulesOf('envoy.filters.http.ext_authz', 'stamp', stamp)))
    leaks.push('no second guard behind the reader');
  return leaks;
}

/** Why this route, or virtual host, would send something on that was to be read first. */
export function readingRouteLeaks(node: Node, stamp: string): string[] {
  const overrides = nodeOf(node['typed_per_filter_config']);
  const chosen = (nodeOf(node['match'])['headers'] ?? []) as readonly Node[];
  const inspects = chosen.some((header) => nodeOf(header['string_match'])['exact'] === 'inspect');
  const ours = Object.entries(overrides).filter(([name]) => OURS.includes(name));
  const wanted = inspects ? wantedOf(stamp) : {};
  const host = { [FILTER]: { '@type': `${TYPES}.ext_proc.v3.ExtProcPerRoute`, disabled: true } };
  const fits = same(Object.fromEntries(ours), 'domains' in node && ours.length > 0 ? host : wanted);
  return fits ? [] : [inspects ? 'a route that does not inspect' : 'a route that asks for less than a stamp'];
}

const OURS: readonly string[] = ['cg.stamp', 'cg.second_stamp', FILTER];
/** Of a filter that this module judges. */
export const isReadingOverride = (name: string): boolean => OURS.includes(name);

function wantedOf(stamp: string): Node {
  const guard = (rules_stat_prefix: string, filter: string, key: string): Node => ({
    '@type': `${GUARD}PerRoute`,
    rbac: { rules_stat_prefix, rules: rulesOf(filter, key, stamp) },
  });
  return {
    'cg.stamp': guard('held_', 'envoy.filters.http.ext_authz', 'held'),
    'cg.second_stamp': guard('inspected_', 'cg.inspected', 'stamp'),
    [FILTER]: {
      '@type': `${TYPES}.ext_proc.v3.ExtProcPerRoute`,
      overrides: {
        processing_mode: {
          request_header_mode: 'SEND',
          response_header_mode: 'SEND',
          request_body_mode: 'NONE',
          response_body_mode: 'NONE',
          request_trailer_mode: 'SKIP',
          response_trailer_mode: 'SKIP',
        },
      },
    },
  };
}
