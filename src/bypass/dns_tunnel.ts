import { isIP } from 'node:net';
import { askUdp } from './dial.ts';
import { type DnsAnswer, encodeQuery, parseAnswer, RCODE, TYPE } from './dns_wire.ts';
import type { Attempt } from './judge.ts';
import { authorityOf, type Place } from './places.ts';
import { findProof, tokenText } from './token.ts';
import { type Prober, tokenOf, untested, type World } from './world.ts';

/** RFC 2606: registered for ever, answers nothing, and its SOA shows that somebody was asked. */
const RESERVED_ZONE = 'example.com';
const DATA_LABEL = 'mfrggzdfmztwq2lknnwg23tpobyxe43uov3ho6dzpi';

/** Each resolver of this environment is asked for a name that carries data and that no cache can hold. */
export const dnsTunnel: Prober = async (world) => {
  if (world.resolvers.length === 0)
    return untested('udp resolver', 'no name server is configured here; nothing was asked');
  return await Promise.all(world.resolvers.map((resolver) => ask(world, resolver)));
};

async function ask(world: World, resolver: Place): Promise<Attempt> {
  const token = tokenOf(world, 'dns-tunnel');
  const name = `${DATA_LABEL}.${tokenText(token)}.${world.dnsZone ?? RESERVED_ZONE}`;
  const id = Number.parseInt(world.nonce.slice(0, 4), 16);
  const query = encodeQuery(id, name, TYPE.txt);
  const attempt = `udp resolver ${authorityOf(resolver)}`;
  if (!query.ok || isIP(resolver.host) === 0)
    return { attempt, verdict: 'not_tested', saw: 'the name does not fit a query: shorten --dns-zone' };
  const heard = await askUdp(resolver, query.value);
  const by = (verdict: Attempt['verdict'], saw: string): Attempt => ({ attempt, verdict, saw });
  if (heard.error !== undefined) return by('held', `out of reach (${heard.error})`);
  const [bytes] = heard.bytes;
  if (bytes === undefined) return by('not_tested', 'no answer in time; look at the log of the target');
  if (findProof(bytes, token) !== undefined) return by('leaked', 'the name server of the zone answered');
  const answer = parseAnswer(bytes);
  if (!answer.ok || answer.value.id !== id)
    return by('not_tested', 'an answer that is no answer to this query');
  const judged = judge(answer.value, world.dnsZone !== undefined, by);
  const isDoubt = judged.verdict === 'not_tested' && answer.value.rcode === RCODE.noSuchName;
  if (!isDoubt || !(await deniesWhatExists(resolver, id))) return judged;
  return by('held', `NXDOMAIN; it does not know ${RESERVED_ZONE} either, which exists: it forwards nothing`);
}

/** The reserved zone exists, and its SOA is known to everybody who asks further. */
async function deniesWhatExists(resolver: Place, id: number): Promise<boolean> {
  const query = encodeQuery(id, RESERVED_ZONE, TYPE.soa);
  if (!query.ok) return false;
  const [bytes] = (await askUdp(resolver, query.value)).bytes;
  const answer = bytes === undefined ? undefined : parseAnswer(bytes);
  if (answer?.ok !== true || answer.value.id !== id || answer.value.records.length > 0) return false;
  return answer.value.rcode === RCODE.noSuchName || answer.value.rcode === RCODE.noError;
}

/** A resolver that forwards nothing cannot know the zone's SOA. Some leave it out, so its absence alone proves nothing. */
function judge(
  answer: DnsAnswer,
  isEchoZone: boolean,
  by: (verdict: Attempt['verdict'], saw: string) => Attempt,
): Attempt {
  const isForwarded = answer.records.some(({ type }) => type === TYPE.soa);
  if (isForwarded) return by('leaked', 'the answer comes from the zone: the query was forwarded');
  if (answer.rcode === RCODE.refused) return by('held', 'the resolver refuses (REFUSED)');
  if (answer.rcode === RCODE.noSuchName && isEchoZone)
    return by('held', 'NXDOMAIN, which the name server of the zone never answers');
  if (answer.rcode === RCODE.serverFailure)
    return by('not_tested', 'SERVFAIL: perhaps it tried to forward; give --dns-zone and look at the target');
  return by(
    'not_tested',
    `answer with code ${answer.rcode} and ${answer.records.length} records; give --dns-zone`,
  );
}
