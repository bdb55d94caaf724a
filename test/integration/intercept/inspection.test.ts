/** Bodies of requests on their way through the gateway, by the real Envoy. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { edit } from './edits.ts';
import { STAMP } from './fake_authz.ts';
import { startGateway, waitFor } from './gateway.ts';
import { call } from './inspection/calls.ts';
import { answers, asks, goes, passing, type Script, vouches } from './inspection/scripted.ts';
import {
  codeOf as code,
  type InspectedWorld,
  kindsOf as kinds,
  startInspectedWorld,
} from './inspection/world.ts';
import { UPSTREAM } from './upstream.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const MIB_16 = 16_777_216;
/** What the buffer takes beyond, for what the gateway may add. */
const SLACK = 65_536;

describe('bodies of requests through the real Envoy', () => {
  let world: InspectedWorld;
  before(async () => {
    world = await startInspectedWorld();
  });
  after(() => world?.close());

  const WHOLE = ['requestHeaders', 'requestBody.', 'responseHeaders'];
  const REPAIRED = Buffer.from('{"a":1,"b":"é"}');
  const repairing = passing(STAMP, {
    body: REPAIRED,
    set: { 'content-length': String(REPAIRED.length) },
  });
  const streaming =
    (each: Script): Script =>
    (told, stream) =>
      told.kind === 'requestHeaders'
        ? { ...goes(told.kind), ...asks('STREAMED'), ...vouches(STAMP) }
        : each(told, stream);

  it('tells the gateway what the Check said, who asks, and where an answer comes from', async () => {
    const sent = await world.send({ body: '{"a":1}', headers: JSON_TYPE });
    const [first, , last] = sent.stream.told;
    const { receiptId, requestId } = world.gateway.authz.checks(sent.id)[0] ?? assert.fail('no Check');
    assert.equal(sent.stream.initial['x-cg-node'], 'test-node');
    assert.match(String(sent.stream.initial['x-cg-epoch']), /^000001-/);
    assert.equal(first?.metadata['envoy.filters.http.ext_authz:held'], STAMP);
    assert.ok(
      first?.metadata['envoy.filters.http.ext_authz:pending']?.startsWith(`sealed.${receiptId}.`),
      'the ticket of the Check does not arrive',
    );
    const facts = {
      'request.id': requestId,
      'xds.route_name': 'inspect',
      'xds.virtual_host_name': 'explicit',
    };
    for (const [name, value] of Object.entries(facts))
      assert.equal(first?.attributes[`envoy.filters.http.ext_proc:${name}`], value);
    assert.equal(last?.attributes['envoy.filters.http.ext_proc:response.code_details'], 'via_upstream');
    const entry = await sent.entry();
    assert.deepEqual(
      [entry['route'], entry['pending'], entry['inspected']],
      ['inspect', null, 'rid-inspected'],
    );
  });

  for (const http2 of [false, true]) {
    const version = http2 ? 'HTTP/2' : 'HTTP/1.1';

    it(`gives a whole body of several pieces at once, and sends it on as it was (${version})`, async () => {
      const sent = await world.send({ http2, body: ['{"a"', ':1}'], headers: JSON_TYPE });
      assert.deepEqual(kinds(sent), WHOLE);
      assert.equal(sent.stream.told[1]?.body.toString(), '{"a":1}');
      const { body, headers } = sent.arrival();
      assert.deepEqual([body.toString(), headers['content-length']], ['{"a":1}', undefined]);
      assert.equal(sent.answer.text, '{"got":7}');
      const ours = Object.keys(headers).filter((name) => /^(x-cg|x-clawgress)/.test(name));
      assert.deepEqual(ours, []);
    });

    it(`puts another body in its place, with the exact length (${version})`, async () => {
      for (const body of ['{"a":1}', ['{"a"', ':1}']]) {
        const sent = await world.send({ http2, body, headers: JSON_TYPE, script: repairing });
        const { body: got, headers } = sent.arrival();
        assert.deepEqual(got, REPAIRED);
        assert.equal(headers['content-length'], String(REPAIRED.length));
      }
    });

    it(`reads 16 MiB, and refuses more than it can keep (${version})`, async () => {
      const sent = await world.send({ http2, body: Buffer.alloc(MIB_16, 'x') });
      assert.deepEqual([sent.answer.text, kinds(sent)], [`{"got":${MIB_16}}`, WHOLE]);
      const slightly = await world.send({ http2, body: Buffer.alloc(MIB_16 + 1, 'x') });
      // The gateway's to refuse.
      assert.equal(slightly.stream.told[1]?.body.length, MIB_16 + 1);
      // What is too much comes when the gateway has asked for the whole.
      const large = await world.send({
        http2,
        body: ['x', Buffer.alloc(MIB_16 + 4 * SLACK, 'x')],
        pause: world.answered,
      });
      assert.deepEqual([large.answer.status, code(large)], [413, 'BODY_TOO_LARGE']);
      assert.equal(world.upstream.begun(large.id), 0);
      const refused = large.stream.told.at(-1);
      assert.equal(refused?.kind, 'responseHeaders');
      assert.equal(refused?.headers[':status'], '413');
      assert.equal(
        refused?.attributes['envoy.filters.http.ext_proc:response.code_details'],
        'request_payload_too_large',
      );
    });

    it(`sees a streamed body piece by piece, and sends on what the gateway makes of them (${version})`, async () => {
      const upper = streaming(({ kind, body }) =>
        goes(kind, kind === 'requestBody' ? { body: Buffer.from(body.toString().toUpperCase()) } : {}),
      );
      const sent = await world.send({ http2, body: ['abc', 'def'], script: upper });
      assert.equal(sent.arrival().body.toString(), 'ABCDEF');
      // How many pieces there are is a matter of reading.
      assert.deepEqual([kinds(sent)[0], kinds(sent).at(-1)], ['requestHeaders', 'responseHeaders']);
      assert.ok(kinds(sent).includes('requestBody.'), 'the end of the body is not told');
    });

    it(`has no message but the headers when there is no body (${version})`, async () => {
      for (const method of ['GET', 'HEAD']) {
        const sent = await world.send({ http2, method });
        assert.deepEqual([kinds(sent)[0], sent.answer.status], ['requestHeaders.', 200]);
        assert.ok(!kinds(sent).some((kind) => kind.startsWith('requestBody')), 'a body that is none');
      }
    });
  }

  it('needs the exact length of what it puts in', async () => {
    for (const set of [{}, { 'content-length': '13' }]) {
      const sent = await world.send({ body: '{"a":1}', script: passing(STAMP, { body: REPAIRED, set }) });
      assert.deepEqual([sent.answer.status, code(sent)], [503, 'INSPECTION_UNAVAILABLE']);
      assert.equal(world.upstream.begun(sent.id), 0);
    }
  });

  it('takes a body with trailers for whole: told as the end by HTTP/1.1, and not by HTTP/2', async () => {
    const trailers = { 'x-late': 'yes' };
    const one = await world.send({ body: ['{"a"', ':1}'], trailers });
    assert.deepEqual([kinds(one), one.arrival().trailers], [WHOLE, {}]);
    const two = await world.send({ http2: true, body: ['{"a"', ':1}'], trailers });
    assert.deepEqual(kinds(two), ['requestHeaders', 'requestBody', 'responseHeaders']);
    assert.equal(two.stream.told[1]?.body.toString(), '{"a":1}');
    assert.deepEqual(two.arrival().trailers, trailers);
    const streamed = await world.send({
      http2: true,
      body: ['ab', 'cd'],
      trailers,
      script: streaming(({ kind }) => goes(kind)),
    });
    assert.equal(kinds(streamed).at(-2), 'requestTrailers');
    assert.ok(
      !kinds(streamed).includes('requestBody.'),
      'trailers are the end, and the body said so as well',
    );
  });

  it('answers Expect: 100-continue itself, also where the gateway refuses', async () => {
    const headers = { ...JSON_TYPE, expect: '100-continue' };
    const sent = await world.send({ body: '{"a":1}', headers });
    assert.deepEqual([sent.answer.continued, sent.answer.text], [true, '{"got":7}']);
    const refused = await world.send({
      body: '{"a":1}',
      headers,
      script: () => answers(403, '{}', 'inspection_denied'),
    });
    assert.deepEqual([refused.answer.continued, refused.answer.status], [true, 403]);
  });

  it('tells of a client that left by ending the stream, and leaves the ticket in the log', async () => {
    const sent = await world.send({ body: '{"a":', leave: true, headers: { 'content-length': '100' } });
    assert.deepEqual([kinds(sent), sent.stream.end], [['requestHeaders'], 'ended']);
    assert.equal(world.upstream.begun(sent.id), 0);
    const entry = await sent.entry();
    const { receiptId } = world.gateway.authz.checks(sent.id)[0] ?? assert.fail('no Check');
    assert.ok(String(entry['pending']).startsWith(`sealed.${receiptId}.p`), 'no ticket in the log');
    assert.ok(String(entry['pending']).length > 24_000, 'the ticket was shortened');
    assert.deepEqual([entry['code'], entry['inspected'], entry['receipt_id']], [0, null, null]);
  });

  it('hands on what the gateway answers itself, at the headers and at the body', async () => {
    for (const at of ['requestHeaders', 'requestBody'] as const) {
      const refusing: Script = ({ kind }) =>
        kind === at
          ? answers(422, '{"mine":1}', 'inspection_denied')
          : { ...goes(kind), ...asks('BUFFERED') };
      const sent = await world.send({ body: '{"a":1}', script: refusing });
      assert.deepEqual([sent.answer.status, sent.answer.text], [422, '{"mine":1}']);
      assert.equal(sent.answer.headers['content-type'], 'application/problem+json');
      assert.equal(sent.answer.headers['x-clawgress-receipt'], 'rid-1');
      assert.deepEqual([sent.stream.end, world.upstream.begun(sent.id)], ['ended', 0]);
      assert.equal((await sent.entry())['details'], 'inspection_denied');
    }
    const own = await world.send({
      body: ['x', Buffer.alloc(MIB_16 + 4 * SLACK, 'x')],
      pause: world.answered,
      script: ({ kind }) =>
        kind === 'requestHeaders'
          ? { ...goes(kind), ...asks('BUFFERED') }
          : answers(413, '{"mine":2}', 'inspection_denied'),
    });
    assert.deepEqual([own.answer.status, own.answer.text], [413, '{"mine":2}']);
  });

  it('leaves it to the gateway to end what came too fast and is too large to be kept', async () => {
    const late: Script = ({ kind }) => [
      later({ ...goes(kind), ...asks('BUFFERED') }),
      later(answers(413, '{"mine":3}', 'inspection_denied'), 1800),
    ];
    const sent = await world.send({ body: Buffer.alloc(MIB_16 + 16 * SLACK, 'x'), script: late });
    assert.deepEqual([sent.answer.status, sent.answer.text], [413, '{"mine":3}']);
    // On a busy machine the last bytes come after the headers were answered, and what is held is shown.
    assert.match(kinds(sent).join(), /^requestHeaders(,requestBody\.)?$/);
    assert.equal(world.upstream.begun(sent.id), 0);
  });

  it('leaves the ticket out of the log where a refusal is said to be recorded', async () => {
    const { stamp: _, ...rid } = { stamp: 0, rid: { stringValue: 'rid-denied' } };
    const dynamicMetadata = { fields: { 'cg.inspected': { structValue: { fields: rid } } } };
    const sent = await world.send({
      body: '{}',
      script: () => ({ ...answers(403, '{}', 'inspection_denied'), dynamicMetadata }),
    });
    const entry = await sent.entry();
    assert.deepEqual([entry['pending'], entry['inspected']], [null, 'rid-denied']);
  });

  it('cuts a streamed request with the stream, and says that something was sent', async () => {
    const mistaken = streaming(({ kind, body }) => (body.includes('def') ? 'error' : goes(kind)));
    const begun = (id: string) =>
      waitFor(() => (world.upstream.begun(id) > 0 ? true : undefined), 'the request at the destination');
    const sent = await world.send({ body: ['abc', 'def', 'ghi'], script: mistaken, pause: begun });
    assert.deepEqual([sent.answer.status, code(sent)], [503, 'INSPECTION_UNAVAILABLE']);
    assert.match(sent.answer.text, /may have been processed/);
    assert.match(sent.answer.text, /"receipt_id":"rid-inspected"/);
    const cut = await waitFor(() => world.upstream.arrivals(sent.id)[0], 'the end at the destination');
    assert.equal(cut.complete, false);
    assert.ok(!String(cut.body).includes('def'), 'what was wrong went on');
  });

  it('believes no override that is not ours: then the body is not asked for, and must not be vouched for', async () => {
    const partial: Script = ({ kind }) => ({ ...goes(kind), modeOverride: { requestBodyMode: 3 as never } });
    const sent = await world.send({ body: '{"a":1}', script: partial });
    assert.deepEqual(
      [sent.answer.status, code(sent), world.upstream.begun(sent.id)],
      [503, 'DECISION_UNPROVEN', 0],
    );
    assert.ok(!kinds(sent).includes('requestBody'), 'the body was sent to the gateway');
  });

  it('lets the gateway change nothing that was judged but the spelling of the path', async () => {
    for (const name of ['authorization', ':authority', ':method', 'x-cg-route', 'cg-relay-ticket']) {
      const sent = await world.send({ script: passing(STAMP, { set: { [name]: '/other' } }) });
      assert.deepEqual([sent.answer.status, world.upstream.begun(sent.id)], [503, 0], name);
    }
    const sent = await world.send({
      headers: { 'accept-encoding': 'gzip' },
      script: passing(STAMP, { set: { 'accept-encoding': 'identity', ':path': '/spelled' } }),
    });
    assert.equal(world.upstream.begun(sent.id), 0);
    assert.equal(world.upstream.arrivals('/spelled')[0]?.headers['accept-encoding'], 'identity');
  });

  it('waits for a gateway that asks for more time', async () => {
    const impatient = edit((node) =>
      node['message_timeout'] === undefined ? node : { ...node, message_timeout: '2s' },
    );
    const own = await startGateway({ edit: impatient });
    try {
      const host = `${UPSTREAM}:${world.upstream.http}`;
      const id = `n${process.pid}patient-`;
      const more = { overrideMessageTimeout: { seconds: 30 } };
      own.authz.inspection.script(`${id}yes`, ({ kind }) =>
        kind === 'responseHeaders' ? goes(kind) : [more, later({ ...goes(kind), ...vouches(STAMP) }, 4_000)],
      );
      const impatiently = `${id}not`;
      own.authz.inspection.script(impatiently, ({ kind }) => [
        later({ ...goes(kind), ...vouches(STAMP) }, 4_000),
      ]);
      const ask = (path: string) =>
        call({
          ...{ port: own.explicit, target: `http://${host}/${path}`, host },
          headers: { 'x-clawgress-test': 'inspect' },
        });
      assert.equal((await ask(impatiently)).status, 503);
      assert.equal((await ask(`${id}yes`)).status, 200);
    } finally {
      await own.stop();
    }
  });

  it('reads no upgrade: a handshake that is to be read is refused', async () => {
    const id = `n${process.pid}upgrade`;
    const host = `${UPSTREAM}:${world.upstream.http}`;
    const answer = await call({
      ...{ port: world.gateway.explicit, target: `http://${host}/echo?${id}`, host },
      headers: { 'x-clawgress-test': 'inspect', connection: 'upgrade', upgrade: 'websocket' },
    });
    assert.equal(answer.status, 503);
    assert.deepEqual([world.gateway.authz.inspection.streams(id).length, world.upstream.begun(id)], [0, 0]);
  });
});

const later = <T>(value: T, ms = 900): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(value), ms));
