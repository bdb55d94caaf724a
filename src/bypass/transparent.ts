import { isIP } from 'node:net';
import { type Heard, routeProblem, talk } from './dial.ts';
import { outside, sightOf } from './direct.ts';
import { helloOf, isWholeAnswer } from './gateway_talk.ts';
import { gatewayCode, type HttpHead, parseHead, requestText } from './http_wire.ts';
import { type Attempt, judgeDirect } from './judge.ts';
import { authorityOf, type Place } from './places.ts';
import { PERMITTED } from './probes.ts';
import { findProof, type Token, tokenText } from './token.ts';
import { type Prober, tokenOf, type World } from './world.ts';

/** A receipt id in an answer: destinations cannot send this header through the gateway, and our target never does. */
const RECEIPT = 'x-clawgress-receipt';
const BROUGHT = 'redirected to the gateway';

/** Whether an attempt of this probe proves that a connection without a proxy ends at the gateway. */
export function wasBrought({ verdict, saw }: Attempt): boolean {
  return verdict === 'held' && saw.startsWith(BROUGHT);
}

/** A client that knows of no proxy: is its connection brought to the gateway, refused, or does it just get out? */
export const transparent: Prober = async (world) => {
  const token = tokenOf(world, 'transparent');
  const given = world.targets.find(({ host, port }) => isIP(host) === 4 && port !== 443 && port !== 53);
  const tries = [
    request(world, given ?? outside(world, 80), token),
    hello(world, outside(world, 443), token),
  ];
  const { allowedHttp } = world;
  if (allowedHttp !== undefined) tries.push(request(world, allowedHttp, tokenOf(world, PERMITTED)));
  return await Promise.all(tries);
};

async function request(world: World, place: Place, token: Token): Promise<Attempt> {
  const attempt = `GET http://${authorityOf(place)}/ without a proxy`;
  const send = requestText('GET', `/${tokenText(token)}`, [
    ['Host', authorityOf(place)],
    ['Connection', 'close'],
  ]);
  const heard = await talk(place, [{ send, complete: isWholeAnswer }]);
  const head = parseHead(heard.bytes[0] ?? Buffer.alloc(0));
  if (head === undefined) return await unanswered(world, attempt, place, heard, token);
  const brought = broughtToGateway(attempt, head);
  if (brought !== undefined) return brought;
  const isTarget = findProof(heard.bytes[0] ?? Buffer.alloc(0), token) !== undefined;
  // Who policy allows answers nobody here except through the gateway, which would have left its receipt.
  if (isTarget || token.probe === PERMITTED)
    return { attempt, verdict: 'leaked', saw: `${head.status} from there, without a receipt` };
  return judgeDirect(attempt, { kind: 'answered' }, world.controlled.has(attempt));
}

/** Undefined: nothing in this answer is the gateway's. */
function broughtToGateway(attempt: string, head: HttpHead): Attempt | undefined {
  const code = gatewayCode(head);
  if (code !== undefined)
    return {
      attempt,
      verdict: 'held',
      saw: `${BROUGHT}, which refused (${head.status} ${code})`,
    };
  const receipt = head.headers.get(RECEIPT);
  if (receipt === undefined) return undefined;
  return { attempt, verdict: 'held', saw: `${BROUGHT}, allowed, receipt ${receipt}` };
}

/** What the TLS says cannot be read here: only an arrival, or a refusal, proves anything. */
async function hello(world: World, place: Place, token: Token): Promise<Attempt> {
  const attempt = `TLS to ${authorityOf(place)} without a proxy`;
  const name = `${tokenText(token)}.example.com`;
  const complete = (bytes: Uint8Array) => findProof(bytes, token) !== undefined;
  return await unanswered(
    world,
    attempt,
    place,
    await talk(place, [{ send: helloOf(name), complete }]),
    token,
  );
}

async function unanswered(
  world: World,
  attempt: string,
  place: Place,
  heard: Heard,
  token: Token,
): Promise<Attempt> {
  const noRoute = heard.error === undefined || isIP(place.host) === 0 ? undefined : await routeProblem(place);
  return judgeDirect(attempt, sightOf(heard, token, noRoute), world.controlled.has(attempt));
}
