import { eventually } from '../../support/running.ts';
import { type Headers, JSON_TYPE, OK, OLD_WAYS, WAYS, type Way } from './attempt.ts';
import { MAX_BYTES } from './policy.ts';
import { type Pieces, streamsOf, type Told } from './wire.ts';
import { chunked, HOST, type World } from './world.ts';

/** An attempt that takes more than one request said in one go. Its paths hold `path` as a segment. */
export interface Scenario {
  readonly name: string;
  readonly ways: readonly Way[];
  run(world: World, way: Way, path: string): Promise<Came>;
}

interface Came {
  readonly told: readonly Told[];
  readonly expected: {
    /** Codes of problems, else statuses; left out where the connection may break before. */
    readonly told?: readonly (string | number)[];
    /** Sorted. */
    readonly decisions: readonly string[];
    readonly upstream: readonly string[];
  };
}

const BAD = '{"amount": 500}';
const SENT = { told: [200], decisions: ['allow money'], upstream: [OK] } as const;
const CHUNKED: Headers = [...JSON_TYPE, ['transfer-encoding', 'chunked']];
const lengthOf = (body: string): Headers => [...JSON_TYPE, ['content-length', String(body.length)]];
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const refused = (code: string) => ({ told: [code], decisions: [`deny ${code}`], upstream: [] });
const broken = (code: string, times = 1) => ({
  decisions: Array.from({ length: times }, () => `deny ${code}`),
  upstream: [],
});
const FRAME_HEAD = 9;

/** The last frame, which holds `data`, comes later, behind what is waited for. */
function inTwo(stream: Buffer, data: string, until: Pieces[number]): Pieces {
  const at = stream.length - FRAME_HEAD - data.length;
  return [stream.subarray(0, at), until, stream.subarray(at)];
}

/** The upstream has seen the head of this request. */
const hasBegun = (world: World, path: string) => () =>
  eventually(
    () => (world.upstream.begun().some((text) => text.includes(`${path} `)) ? true : undefined),
    `the upstream to see the beginning of ${path}`,
  );

/** The whole answer of one stream has come. */
const isAnswered = (heard: () => Buffer) =>
  eventually(() => (streamsOf(heard()).over >= 1 ? true : undefined), 'the answer of the stream');

function post(world: World, way: Way, path: string, body: string, headers: Headers = lengthOf(body)): Buffer {
  return bytes(`${world.head(way, 'POST', path, headers)}${body}`);
}

/** Of HTTP/2 the last frame, which would end the stream, is left out. */
async function leftInTheMiddle(world: World, way: Way, path: string): Promise<readonly Told[]> {
  const isHeld = await world.nextIsHeld();
  const head = () => bytes(world.head(way, 'POST', path, [...JSON_TYPE, ['content-length', '1000']]));
  const begun =
    way === 'inside_h2'
      ? world.streams(path, [{ extra: JSON_TYPE, data: OK, trailers: [] }]).subarray(0, -9)
      : Buffer.concat([head(), bytes(OK)]);
  return await world.say(way, [begun, isHeld, 'end']);
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a client that ends in the middle of its body',
    ways: WAYS,
    run: async (world, way, path) => ({
      told: await leftInTheMiddle(world, way, `/money${path}/x`),
      expected: broken('BODY_NOT_COMPLETED'),
    }),
  },
  {
    name: 'a body that comes slowly',
    ways: OLD_WAYS,
    run: async (world, way, path) => {
      const all = post(world, way, `/money${path}/x`, OK);
      const pieces = [all.subarray(0, -9), 300, all.subarray(-9, -4), 300, all.subarray(-4)];
      return { told: await world.say(way, pieces), expected: SENT };
    },
  },
  {
    name: 'chunks that break off',
    ways: OLD_WAYS,
    run: async (world, way, path) => {
      const begun = post(world, way, `/money${path}/x`, `d\r\n${OK}\r\n`, CHUNKED);
      const told = await world.say(way, [begun, await world.nextIsHeld(), bytes('zz\r\n')]);
      return { told, expected: broken('BODY_NOT_COMPLETED') };
    },
  },
  {
    name: 'a mistake in a body that goes on while it is read',
    ways: WAYS,
    run: async (world, way, path) => {
      const [fine, wrong] = [`{"n": 1, "memo": "${'a'.repeat(MAX_BYTES)}"}\n`, '{"n": "x"}\n'];
      const typed: Headers = [['content-type', 'application/x-ndjson']];
      const at = `/rows${path}/x`;
      const isThere = hasBegun(world, at);
      const piece = (text: string): Buffer => bytes(`${text.length.toString(16)}\r\n${text}\r\n`);
      const pieces =
        way === 'inside_h2'
          ? inTwo(world.streams(at, [{ extra: typed, data: fine, more: wrong }]), wrong, isThere)
          : [
              bytes(world.head(way, 'POST', at, [...typed, ['transfer-encoding', 'chunked']])),
              ...[piece(fine), isThere, piece(wrong), 300, bytes('0\r\n\r\n')],
            ];
      const told = await world.say(way, pieces);
      // What went on before the mistake is no whole request: the upstream keeps its head alone.
      return { told, expected: { told: ['BODY_INVALID'], decisions: ['allow rows'], upstream: [''] } };
    },
  },
  {
    name: 'trailers behind chunks',
    ways: OLD_WAYS,
    run: async (world, way, path) => {
      const body = chunked(bytes(OK), 'content-type: text/html\r\nx-amount: 500\r\n').toString('latin1');
      const all = post(world, way, `/money${path}/x`, body, CHUNKED);
      return { told: await world.say(way, [all]), expected: SENT };
    },
  },
  {
    name: 'trailers of HTTP/2',
    ways: ['inside_h2'],
    run: async (world, way, path) => {
      const request = { extra: JSON_TYPE, data: OK, trailers: [['x-amount', '500']] as const };
      const told = await world.say(way, [world.streams(`/money${path}/x`, [request])]);
      return { told, expected: refused('BODY_TYPE_REFUSED') };
    },
  },
  {
    name: 'a length of HTTP/2 that is not that of its data',
    ways: ['inside_h2'],
    run: async (world, way, path) => {
      const ask = async (name: string, length: string) => {
        const extra = [...JSON_TYPE, ['content-length', length]] as const;
        const stream = world.streams(`/money${path}/${name}`, [{ extra, data: OK }]);
        return await world.say(way, inTwo(stream, OK, await world.nextIsHeld()));
      };
      const told = [...(await ask('short', '5')), ...(await ask('long', '50'))];
      return { told, expected: broken('BODY_NOT_COMPLETED', 2) };
    },
  },
  {
    name: 'data behind the end of a stream',
    ways: ['inside_h2'],
    run: async (world, way, path) => {
      const request = { extra: lengthOf(OK), data: OK, behind: BAD };
      const pieces = inTwo(world.streams(`/money${path}/x`, [request]), BAD, isAnswered);
      // One answer more than there are: the connection is to be open when that frame is sent.
      return { told: await world.say(way, [...pieces, 'end'], 2), expected: SENT };
    },
  },
  {
    name: '`Expect: 100-continue`, allowed and denied',
    ways: OLD_WAYS,
    run: async (world, way, path) => {
      const ask = async (to: string, body: string) => {
        const head = world.head(way, 'POST', to, [...lengthOf(body), ['expect', '100-continue']]);
        return await world.say(way, [bytes(head), '100 Continue', bytes(body)]);
      };
      const allowed = await ask(`/money${path}/fine`, OK);
      const denied = await ask(`/money${path}/bad`, BAD);
      const unasked = await ask(`/nowhere${path}/x`, OK);
      return {
        told: [...allowed, ...denied, ...unasked],
        expected: {
          told: [200, 'SCHEMA_INVALID', 'POLICY_NO_MATCH'],
          decisions: ['allow money', 'deny POLICY_NO_MATCH', 'deny SCHEMA_INVALID'],
          upstream: [OK],
        },
      };
    },
  },
  {
    name: 'a second request behind an inspected one',
    ways: OLD_WAYS,
    run: async (world, way, path) => {
      const pair = (name: string, first: string, second: string) =>
        world.say(
          way,
          [
            Buffer.concat([
              post(world, way, `/money${path}/${name}1`, first),
              post(world, way, `/money${path}/${name}2`, second),
            ]),
          ],
          2,
        );
      const fine = await pair('a', OK, BAD);
      const bad = await pair('b', BAD, OK);
      return {
        told: [...fine, ...bad],
        expected: {
          told: [200, 'SCHEMA_INVALID', 'SCHEMA_INVALID', 200],
          decisions: ['allow money', 'allow money', 'deny SCHEMA_INVALID', 'deny SCHEMA_INVALID'],
          upstream: [OK, OK],
        },
      };
    },
  },
  {
    name: 'many streams of one connection',
    ways: ['inside_h2'],
    run: async (world, way, path) => {
      const bodies = [OK, BAD, OK, BAD];
      const requests = bodies.map((data) => ({ extra: lengthOf(data), data }));
      const told = await world.say(way, [world.streams(`/money${path}/x`, requests)], bodies.length);
      return {
        told: [...told].sort((a, b) => (a.status ?? 0) - (b.status ?? 0)),
        expected: {
          told: [200, 200, 'SCHEMA_INVALID', 'SCHEMA_INVALID'],
          decisions: ['allow money', 'allow money', 'deny SCHEMA_INVALID', 'deny SCHEMA_INVALID'],
          upstream: [OK, OK],
        },
      };
    },
  },
  {
    name: 'a request in the body of another',
    ways: OLD_WAYS,
    run: async (world, way, path) => {
      const inner = post(world, 'inside', `/plain${path}/inner`, BAD).toString('latin1');
      const told = await world.say(way, [
        post(world, way, `/any${path}/x`, inner, [['content-length', String(inner.length)]]),
      ]);
      return { told, expected: { told: [200], decisions: ['allow any'], upstream: [inner] } };
    },
  },
  {
    name: 'a length that leaves a request behind it',
    ways: OLD_WAYS,
    run: async (world, way, path) => {
      const hidden = post(world, way, `/money${path}/hidden`, BAD);
      const told = await world.say(
        way,
        [Buffer.concat([post(world, way, `/money${path}/x`, OK), hidden])],
        2,
      );
      return {
        told,
        expected: {
          told: [200, 'SCHEMA_INVALID'],
          decisions: ['allow money', 'deny SCHEMA_INVALID'],
          upstream: [OK],
        },
      };
    },
  },
  {
    name: 'an absolute target that is not the `Host`',
    ways: ['proxy', 'inside'],
    run: async (world, way, path) => {
      const port = way === 'proxy' ? world.upstream.http : world.upstream.https;
      const scheme = way === 'proxy' ? 'http' : 'https';
      const named = (host: string) =>
        world
          .head(way, 'POST', `${scheme}://${host}:${port}/money${path}/x`, lengthOf(BAD))
          .replace(/(?<=\r\nhost: )[^\r]+/, 'other.localhost');
      const own = await world.say(way, [bytes(`${named(HOST)}${BAD}`)]);
      const other = await world.say(way, [bytes(`${named('other.localhost')}${BAD}`)]);
      const elsewhere = way === 'proxy' ? 'POLICY_NO_MATCH' : 'TLS_NAME_MISMATCH';
      return {
        told: [...own, ...other],
        expected: {
          told: ['SCHEMA_INVALID', elsewhere],
          decisions: [`deny ${elsewhere}`, 'deny SCHEMA_INVALID'].sort(),
          upstream: [],
        },
      };
    },
  },
  {
    name: 'an `x-request-id` that was allowed before',
    ways: OLD_WAYS,
    run: async (world, way, path) => {
      const id: Headers = [['x-request-id', '4f9a3d1e-0000-4000-8000-000000000001']];
      const ask = (body: string) =>
        world.say(way, [post(world, way, `/money${path}/x`, body, [...lengthOf(body), ...id])]);
      const told = [...(await ask(OK)), ...(await ask(BAD)), ...(await ask(OK))];
      return {
        told,
        expected: {
          told: [200, 'SCHEMA_INVALID', 200],
          decisions: ['allow money', 'allow money', 'deny SCHEMA_INVALID'],
          upstream: [OK, OK],
        },
      };
    },
  },
];
