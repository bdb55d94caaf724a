/**
 * Diverted packets bear this mark; the rule with this priority sends them to the table with this number, where every
 * address is one of this host. One number of ours for all three, so that nobody has to look it up twice.
 */
const NUMBER = 3_098;
export const FWMARK = `0x${NUMBER.toString(16)}`;

/** The four things that the policy route is made of; each is there or not. */
export const ROUTE_PARTS = ['rule4', 'route4', 'rule6', 'route6'] as const;

export type RoutePart = (typeof ROUTE_PARTS)[number];

/** A rule that is not the kernel's own is removed by systemd-networkd when it starts, unless it says it is. */
const RULE = {
  list: `rule show priority ${NUMBER}`,
  line: `fwmark ${FWMARK} lookup ${NUMBER}`,
  add: `rule add fwmark ${FWMARK} lookup ${NUMBER} priority ${NUMBER} protocol kernel`,
  remove: `rule del fwmark ${FWMARK} lookup ${NUMBER} priority ${NUMBER}`,
} as const;
const ROUTE = {
  list: `route show table ${NUMBER}`,
  line: 'local default dev lo',
  add: `route add local default dev lo table ${NUMBER} proto static`,
  remove: `route del local default dev lo table ${NUMBER}`,
} as const;

const PARTS = {
  rule4: { family: '-4', ...RULE },
  route4: { family: '-4', ...ROUTE },
  rule6: { family: '-6', ...RULE },
  route6: { family: '-6', ...ROUTE },
} as const satisfies Record<RoutePart, object>;

/** Arguments of `ip` that list where the part would be, and what its line then holds. */
export function listingOf(part: RoutePart): { readonly args: readonly string[]; readonly line: string } {
  const { family, list, line } = PARTS[part];
  return { args: [family, ...list.split(' ')], line };
}

/**
 * Makes exactly these parts be there, and the others not; run by /bin/sh with the path of `ip`. Harmless when run twice.
 * A script, because the watchdog and the next boot run it without this program. Fails when anything is not as asked.
 */
export function routeScript(wanted: readonly RoutePart[]): string {
  const lines = ROUTE_PARTS.map((part) => {
    const { family, list, line, add, remove } = PARTS[part];
    const verb = wanted.includes(part) ? 'have' : 'lack';
    const how = verb === 'have' ? add : remove;
    return `${verb} ${family} '${list}' '${line}' '${how}'`;
  });
  return `${HEAD}${lines.join('\n')}\nexit $failed\n`;
}

/** Nothing is asked of IPv6 where it is switched off: no packet of it comes. */
const HEAD = `# The policy route of clawgress: diverted packets are delivered on this host. $1: path of ip
ip=$1
failed=0
if [ "$(cat /proc/sys/net/ipv6/conf/lo/disable_ipv6 2>/dev/null)" = 0 ]; then six=on; else six=off; fi
found() { "$ip" $1 $2 2>/dev/null | grep -q "$3"; }
have() {
  [ "$1$six" = -6off ] && return
  found "$1" "$2" "$3" || "$ip" $1 $4 || failed=1
}
lack() {
  while found "$1" "$2" "$3"; do
    "$ip" $1 $4 || { failed=1; return; }
  done
}
`;
