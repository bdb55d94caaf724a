/** Named counters of the table; each packet is counted by exactly one of them. */
export const COUNTERS = [
  'passed_gateway',
  'passed_listed',
  'redirected_tcp',
  'tproxied_tcp',
  'resolver_dns',
  'denied_dns',
  'denied_quic',
  'denied_icmp',
  'denied_tcp',
  'denied_other',
] as const;

export type CounterName = (typeof COUNTERS)[number];

export interface Count {
  readonly packets: number;
  readonly bytes: number;
}

const ENTRY = /counter (\w{1,64}) \{\s+packets (\d{1,20}) bytes (\d{1,20})\s/g;

/** Reads what `nft list counters` prints. Counters that are not there are zero. */
export function parseCounters(listing: string): Readonly<Record<CounterName, Count>> {
  const found = new Map<string, Count>();
  for (const [, name = '', packets, bytes] of listing.matchAll(ENTRY)) {
    found.set(name, { packets: Number(packets), bytes: Number(bytes) });
  }
  const entries = COUNTERS.map((name) => [name, found.get(name) ?? { packets: 0, bytes: 0 }] as const);
  return Object.fromEntries(entries) as Record<CounterName, Count>;
}
