/** Answers on their way back through the gateway, by the real Envoy. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { STAMP } from './fake_authz.ts';
import { waitFor } from './gateway.ts';
import { EVENTS } from './inspection/body_upstream.ts';
import { call } from './inspection/calls.ts';
import { answers, asks, type Bodies, goes, type Script, vouches } from './inspection/scripted.ts';
import {
  codeOf as code,
  type InspectedWorld,
  kindsOf,
  type Sent,
  startInspectedWorld,
} from './inspection/world.ts';
import { UPSTREAM } from './upstream.ts';

/** Allows the request, asks for the answer in this way, and treats it so. */
const reading =
  (response: Bodies, each: Script): Script =>
  (told, stream) => {
    if (told.kind === 'requestHeaders') return { ...goes(told.kind), ...vouches(STAMP) };
    if (told.kind === 'responseHeaders') return { ...goes(told.kind), ...asks('NONE', response) };
    return each(told, stream);
  };
/** As the gateway does: bytes and an error that come together may both be taken for an error. */
const soon = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 1_000));
const untouched: Script = ({ kind }) => goes(kind);

describe('answers through the real Envoy', () => {
  let world: InspectedWorld;
  before(async () => {
    world = await startInspectedWorld();
  });
  after(() => world?.close());

  const get = (path: string, script: Script, http2 = false, method = 'GET'): Promise<Sent> =>
    world.send({ path, script, http2, method, headers: { 'accept-encoding': 'gzip' } });
  /** Behind the headers of the request. */
  const kinds = (sent: Sent): readonly string[] => kindsOf(sent).slice(1);
  const WHOLE = ['responseHeaders', 'responseBody.'];

  for (const http2 of [false, true]) {
    const version = http2 ? 'HTTP/2' : 'HTTP/1.1';

    it(`gives a whole answer at once, and another in its place (${version})`, async () => {
      const body = Buffer.from('{"other":"é"}');
      const set = { 'content-length': String(body.length), 'x-clawgress-receipt': 'rid-7' };
      const got = await get(
        '/json-5000',
        reading('BUFFERED', ({ kind }) => goes(kind, { body, set })),
        http2,
      );
      assert.deepEqual(kinds(got), WHOLE);
      assert.equal(got.stream.told.at(-1)?.body.length, 5000);
      assert.deepEqual(got.answer.body, body);
      const { headers } = got.answer;
      assert.deepEqual(
        [headers['content-length'], headers['x-clawgress-receipt']],
        [String(body.length), 'rid-7'],
      );
    });

    it(`keeps an answer of 16 MB for the gateway, and none of 17 (${version})`, async () => {
      const got = await get('/json-16000000', reading('BUFFERED', untouched), http2);
      assert.deepEqual([got.answer.body.length, kinds(got)], [16_000_000, WHOLE]);
      // The rest comes when the gateway has asked for the whole: before, Envoy does not count.
      const large = await get('/later-json-17000000', reading('BUFFERED', untouched), http2);
      assert.deepEqual([large.answer.status, code(large)], [502, 'RESPONSE_BLOCKED']);
      assert.match(large.answer.text, /"receipt_id":"rid-inspected"/);
      const streamed = await get('/json-17000000', reading('STREAMED', untouched), http2);
      assert.equal(streamed.answer.body.length, 17_000_000);
    });

    it(`gives an answer of ours in place of one that was kept (${version})`, async () => {
      const refuse: Script = ({ kind }) =>
        kind === 'responseBody' ? answers(502, '{"mine":1}', 'inspection_blocked') : goes(kind);
      const atHeaders: Script = ({ kind }) =>
        kind === 'responseHeaders'
          ? answers(502, '{"mine":1}', 'inspection_blocked')
          : { ...goes(kind), ...vouches(STAMP) };
      for (const script of [reading('BUFFERED', refuse), atHeaders]) {
        const got = await get('/json-5000', script, http2);
        assert.deepEqual([got.answer.status, got.answer.text], [502, '{"mine":1}']);
        assert.equal(got.answer.headers['x-clawgress-receipt'], 'rid-1');
        assert.equal((await got.entry())['details'], 'inspection_blocked');
      }
    });

    it(`changes events as they come, and holds them back (${version})`, async () => {
      const upper = reading('STREAMED', ({ kind, body }) =>
        goes(kind, { body: Buffer.from(body.toString().toUpperCase()) }),
      );
      const got = await get('/events', upper, http2);
      assert.equal(got.answer.text, EVENTS.join('').toUpperCase());
      assert.deepEqual(kinds(got), ['responseHeaders', ...EVENTS.map(() => 'responseBody'), 'responseBody.']);
      // Nothing until the end, and then all of it.
      const late = reading('STREAMED', ({ kind, isEnd }, { told }) => {
        const all = told.filter((one) => one.kind === 'responseBody').map((one) => one.body);
        return goes(kind, { body: isEnd ? Buffer.concat(all) : Buffer.alloc(0) });
      });
      const held = await get('/events', late, http2);
      assert.deepEqual([held.answer.text, held.answer.pieces.length], [EVENTS.join(''), 1]);
    });

    it(`cuts events behind a last word of ours, by an error and not by an end (${version})`, async () => {
      const last = Buffer.from('event: error\n\n');
      // What follows a graceful end goes on unread.
      const cutting = reading('STREAMED', ({ kind, body }) =>
        body.includes('two') ? [goes(kind, { body: last }), soon('error')] : goes(kind),
      );
      const cut = await get('/events', cutting, http2);
      assert.deepEqual([cut.answer.text, cut.answer.cut], [`${EVENTS[0]}${last}`, true]);
      assert.match(String((await cut.entry())['details']), /^ext_proc_error/);
    });
  }

  it('gives an answer with HTTP/2 trailers whole without saying so, and streamed with the trailers behind it', async () => {
    const whole = await get('/trailing', reading('BUFFERED', untouched), true);
    assert.deepEqual(
      [kinds(whole), whole.answer.text],
      [['responseHeaders', 'responseBody'], '{"late":true}'],
    );
    assert.deepEqual(whole.answer.trailers['x-late'], 'yes');
    const streamed = await get('/trailing', reading('STREAMED', untouched), true);
    assert.equal(kinds(streamed).at(-1), 'responseTrailers');
    assert.ok(
      !kinds(streamed).includes('responseBody.'),
      'trailers are the end, and the body said so as well',
    );
  });

  it('gives compressed answers as they are; what the client asked for went on unless the gateway changed it', async () => {
    const got = await get('/gzip', reading('BUFFERED', untouched));
    const told = got.stream.told.find(({ kind }) => kind === 'responseBody');
    assert.equal(told?.body.subarray(0, 2).toString('hex'), '1f8b');
    const headers = got.stream.told.find(({ kind }) => kind === 'responseHeaders')?.headers;
    assert.equal(headers?.['content-encoding'], 'gzip');
  });

  it('has the headers alone where there is no body', async () => {
    for (const [path, method] of [
      ['/nothing', 'GET'],
      ['/json-5000', 'HEAD'],
    ] as const) {
      const got = await get(path, reading('BUFFERED', untouched), false, method);
      assert.deepEqual(kinds(got), ['responseHeaders.'], path);
    }
  });

  it('tells answers of the destination from those that Envoy gives itself', async () => {
    const details = 'envoy.filters.http.ext_proc:response.code_details';
    const got = await get('/reset', reading('NONE', untouched));
    assert.deepEqual([got.answer.status, code(got)], [502, 'UPSTREAM_RESET']);
    assert.match(got.answer.text, /"receipt_id":"rid-inspected"/);
    assert.match(
      String(got.stream.told.at(-1)?.attributes[details]),
      /^upstream_reset_before_response_started/,
    );
  });

  it('says that the request was sent when the reading of its answer failed', async () => {
    const failing = reading('NONE', untouched);
    const got = await get('/json-5000', (told, stream) =>
      told.kind === 'responseHeaders' ? 'error' : failing(told, stream),
    );
    assert.deepEqual([got.answer.status, code(got)], [503, 'INSPECTION_UNAVAILABLE']);
    assert.match(got.answer.text, /may have been processed/);
    assert.match(got.answer.text, /"receipt_id":"rid-inspected"/);
  });

  it('cuts a streamed answer where the gateway answers anew: its headers are out', async () => {
    const got = await get(
      '/events',
      reading('STREAMED', () => answers(502, '{}', 'inspection_blocked')),
    );
    assert.deepEqual([got.answer.status, got.answer.cut, got.answer.text], [200, true, '']);
  });

  it('begins a stream with the answer where a guard refused before anybody read', async () => {
    const id = `n${process.pid}orphan`;
    const host = `${UPSTREAM}:${world.upstream.http}`;
    const before = world.gateway.authz.inspection.orphans().length;
    const answer = await call({
      ...{ port: world.gateway.explicit, target: `http://${host}/echo?${id}`, host, body: '{}' },
      headers: { 'x-clawgress-test': 'inspect-unheld' },
    });
    assert.equal(answer.status, 503);
    const orphan = await waitFor(() => world.gateway.authz.inspection.orphans()[before], 'the stream');
    assert.deepEqual(
      orphan.told.map(({ kind }) => kind),
      ['responseHeaders'],
    );
    const { receiptId } = world.gateway.authz.checks(id)[0] ?? assert.fail('no Check');
    assert.ok(
      orphan.told[0]?.metadata['envoy.filters.http.ext_authz:pending']?.startsWith(`sealed.${receiptId}.`),
      'the ticket is not told',
    );
  });
});
