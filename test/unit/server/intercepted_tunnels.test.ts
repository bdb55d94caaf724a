import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { line } from './tail_fakes.ts';
import { tailWorld } from './tail_world.ts';

const NUMBERS = {
  code: 0,
  bytes_in: 0,
  bytes_out: 0,
  attempts: 0,
  start_ms: '1795307598397',
  upstream_ms: null,
};
const lineOf = (members: object): string => `${JSON.stringify(members)}\n`;

/** As Envoy 1.40 wrote them: the CONNECT, and the connection inside. */
const outer = (receipt: string, change: object = {}): string =>
  lineOf({
    ...{ ...NUMBERS, code: 200, bytes_in: 524, bytes_out: 732, attempts: 1, duration_ms: 19 },
    ...{ listener: 'explicit', route: 'intercept', receipt_id: receipt, request_id: `req-${receipt}` },
    ...{ flags: 'UC', details: 'upstream_reset_after_response_started{connection_termination}' },
    ...{ upstream: 'envoy://intercept_in/', protocol: 'HTTP/1.1' },
    ...change,
  });
const handshake = (change: object): object => ({
  ...{ ...NUMBERS, duration_ms: 6, flags: '-', details: null, protocol: null, upstream: null, sni: null },
  ...{ tls: null, tls_cipher: null, tls_agreed_ms: null, tls_failure: null },
  ...change,
});
const inner = (receipt: string, change: object): string =>
  lineOf(
    handshake({
      ...{ listener: 'handshake', receipt_id: receipt, request_id: null, stream_id: `stream-${receipt}` },
      ...change,
    }),
  );
/** Of a listener that opens TLS before anybody is known. */
const unasked = (change: object): string => lineOf(handshake({ listener: 'unasked_handshake', ...change }));

const BEGUN = { tls: 'TLSv1.2', sni: 'api.example' };
const SHOWN = { tls: 'TLSv1.3', tls_cipher: 'TLS_AES_256_GCM_SHA384', sni: 'api.example' };
const AGREED = { ...SHOWN, tls_agreed_ms: 34 };
const SERVED = { ...AGREED, protocol: 'HTTP/1.1', bytes_in: 57, bytes_out: 230 };
const failure = (text: string) => ({ tls_failure: `TLS_error:|${text}:TLS_error_end` });
const alert = (name: string) => failure(`268436504:SSL_routines:OPENSSL_internal:${name}`);
const RESET = failure('33554536:system_library:OPENSSL_internal:Connection_reset_by_peer');
const GARBLED = failure(
  '268435568:SSL_routines:OPENSSL_internal:BAD_PACKET_LENGTH|268435595:SSL_routines:OPENSSL_internal:DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
);
const REFUSED = { ...BEGUN, ...alert('CONNECTION_REJECTED') };
const WRONG_VERSION = {
  tls_failure: 'TLS_error|error:100000f7:SSL_routines:OPENSSL_internal:WRONG_VERSION_NUMBER:TLS_error_end',
};
const TIMED_OUT = { details: 'transport socket timeout was reached' };

/** What the real clients left behind, and what it comes to. */
const SEEN: readonly (readonly [string, object, string | undefined, string?])[] = [
  ['a request', SERVED, undefined],
  ['requests, and a reset at the end', { ...SERVED, protocol: 'HTTP/2', ...RESET }, undefined],
  ['bytes that are no HTTP', { ...AGREED, bytes_in: 3 }, undefined],
  ['a name without a certificate', REFUSED, 'tls_name_refused', 'tls{CONNECTION_REJECTED}'],
  ['no name', { ...REFUSED, sni: null }, 'tls_name_refused', 'tls{CONNECTION_REJECTED}'],
  [
    'curl and Python with TLS 1.2',
    { ...SHOWN, ...alert('TLSV1_ALERT_UNKNOWN_CA') },
    'tls_client_distrust',
    'tls{TLSV1_ALERT_UNKNOWN_CA}',
  ],
  [
    'curl and Python with TLS 1.3',
    { ...SHOWN, ...GARBLED },
    'tls_client_distrust',
    'tls{DECRYPTION_FAILED_OR_BAD_RECORD_MAC}',
  ],
  [
    'Go',
    { ...SHOWN, ...alert('SSLV3_ALERT_BAD_CERTIFICATE') },
    'tls_client_distrust',
    'tls{SSLV3_ALERT_BAD_CERTIFICATE}',
  ],
  [
    'Java',
    { ...SHOWN, ...alert('SSLV3_ALERT_CERTIFICATE_UNKNOWN') },
    'tls_client_distrust',
    'tls{SSLV3_ALERT_CERTIFICATE_UNKNOWN}',
  ],
  ['Node', { ...SHOWN, ...RESET }, 'tls_client_distrust'],
  ['Node, from afar', SHOWN, 'tls_client_distrust'],
  ['a pinned key', AGREED, 'tls_unused'],
  ['a connection that somebody kept for later', { ...AGREED, ...RESET }, 'tls_unused'],
  ['other bytes', { flags: 'NR', ...WRONG_VERSION }, 'tls_missing', 'tls{WRONG_VERSION_NUMBER}'],
  ['silence', {}, 'tls_missing'],
  ['no answer about the name', { ...BEGUN, ...TIMED_OUT }, 'tls_timeout', TIMED_OUT.details],
  ['a client that stops in the middle', { ...SHOWN, ...TIMED_OUT }, 'tls_timeout', TIMED_OUT.details],
  [
    'an old version',
    { ...BEGUN, ...alert('UNSUPPORTED_PROTOCOL') },
    'tls_failed',
    'tls{UNSUPPORTED_PROTOCOL}',
  ],
  ['a client that leaves in the middle', BEGUN, 'tls_failed'],
];

function world(t: TestContext) {
  const { sink, log, start } = tailWorld(t);
  const causes = () => sink.closures.map(({ receipt_id, facts }) => [receipt_id, facts.cause]);
  return { sink, log, start, causes };
}

test('an intercepted tunnel says what became of its TLS', async (t) => {
  for (const [name, change, cause, details] of SEEN)
    await t.test(name, async (one) => {
      const { log, start, sink } = world(one);
      writeFileSync(log, inner('a', change) + outer('a'));
      await start().drain();
      const [closed] = sink.closures;
      assert.equal(sink.closures.length, 1);
      const { facts, request_id } = closed ?? assert.fail('not closed');
      const isRefused = cause !== undefined && cause !== 'tls_unused';
      assert.deepEqual(
        { ...facts, request_id },
        {
          ...{ state: isRefused ? 'not_sent' : 'completed', status: 200, attempts: isRefused ? 0 : 1 },
          ...{ bytes_in: 524, bytes_out: 732, latency_ms: 19, flags: 'UC', request_id: 'req-a' },
          details: details ?? 'upstream_reset_after_response_started{connection_termination}',
          ...(cause === undefined ? {} : { cause }),
        },
      );
    });
});

test('the two lines of an intercepted tunnel are joined whichever comes first', async (t) => {
  const { log, start, causes } = world(t);
  writeFileSync(log, outer('a') + inner('b', REFUSED) + inner('a', SERVED) + outer('b'));
  await start().drain();
  assert.deepEqual(causes(), [
    ['a', undefined],
    ['b', 'tls_name_refused'],
  ]);
});

test('a redirected connection has them, too', async (t) => {
  const { log, start, causes } = world(t);
  writeFileSync(log, outer('a', { listener: 'transparent' }) + inner('a', REFUSED));
  await start().drain();
  assert.deepEqual(causes(), [['a', 'tls_name_refused']]);
});

test('a CONNECT that was refused has one line', async (t) => {
  const { log, start, sink } = world(t);
  writeFileSync(
    log,
    outer('a', { code: 503, attempts: 0, details: 'rbac_access_denied_matched_policy[none]' }),
  );
  await start().drain();
  assert.deepEqual(
    sink.closures.map(({ facts }) => facts.state),
    ['not_sent'],
  );
});

test('a restart between the two lines of a refused handshake loses neither', async (t) => {
  const { log, start, sink, causes } = world(t);
  writeFileSync(log, inner('a', REFUSED) + line({ receipt: 'b' }));
  // Never stopped properly: as after a kill.
  await start().drain();
  assert.equal(sink.positions.size, 1);
  appendFileSync(log, outer('a'));
  await start().drain();
  const ofA = causes().filter(([receipt]) => receipt === 'a');
  assert.deepEqual(ofA, [['a', 'tls_name_refused']]);
});

test('one line alone is enough in the end', async (t) => {
  const { log, start, sink } = world(t);
  writeFileSync(log, inner('a', REFUSED) + outer('b') + inner('c', SERVED));
  const tail = start();
  await tail.drain();
  assert.equal(sink.closures.length, 0);
  await tail.stop();
  assert.deepEqual(
    sink.closures.map(({ receipt_id, facts }) => [receipt_id, facts.state, facts.status, facts.cause]),
    [
      ['a', 'not_sent', 200, 'tls_name_refused'],
      ['b', 'completed', 200, undefined],
      ['c', 'completed', 200, undefined],
    ],
  );
});

test('a handshake that is refused before anybody is known is counted by its cause, and once', async (t) => {
  const { log, start, sink } = world(t);
  const refused = [REFUSED, REFUSED, { ...SHOWN, ...GARBLED }, { ...BEGUN, ...TIMED_OUT }, BEGUN];
  writeFileSync(log, [...refused, AGREED].map(unasked).join(''));
  await start().stop();
  assert.deepEqual(
    sink.gaps.map(({ counts }) => counts),
    [
      [
        { cause: 'tls_client_distrust', count: 1 },
        { cause: 'tls_failed', count: 1 },
        { cause: 'tls_name_refused', count: 2 },
        { cause: 'tls_timeout', count: 1 },
      ],
    ],
  );
  assert.equal(sink.closures.length, 0);
  await start().stop();
  assert.equal(sink.gaps.length, 1);
});
