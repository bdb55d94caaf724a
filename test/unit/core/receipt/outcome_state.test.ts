import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { outcomeFacts, outcomeState, type StreamEnd } from '../../../../src/core/receipt/outcome_state.ts';

const sent: StreamEnd = {
  ...{ code: 200, flags: '', details: 'via_upstream', tunnel: false, attempts: 1 },
  ...{ bytes_in: 1, bytes_out: 2, duration_ms: 3, upstream_ms: 2, upstream: '127.83.1.2:80' },
};
const end = (changes: Partial<StreamEnd>): StreamEnd => ({ ...sent, ...changes });

/** Details as the real Envoy wrote them. */
const SEEN: readonly (readonly [string, Partial<StreamEnd>, string])[] = [
  ['an answer', {}, 'completed'],
  ['an error answer is an answer', { code: 503 }, 'completed'],
  [
    'a reset in the middle keeps its 200',
    { flags: 'UPE', details: 'upstream_reset_after_response_started{protocol_error}' },
    'upstream_error',
  ],
  [
    'a reset before the answer',
    { code: 502, flags: 'UC', details: 'upstream_reset_before_response_started{connection_termination}' },
    'upstream_error',
  ],
  [
    'a closed port',
    {
      code: 502,
      flags: 'UF',
      details:
        'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}',
    },
    'not_sent',
  ],
  [
    'a wrong certificate',
    {
      code: 502,
      flags: 'UF',
      details:
        'upstream_reset_before_response_started{remote_connection_failure|TLS_error:|268435581:x:TLS_error_end}',
    },
    'not_sent',
  ],
  [
    'a connect time-out',
    { code: 504, flags: 'UF', details: 'upstream_reset_before_response_started{connection_timeout}' },
    'not_sent',
  ],
  [
    'a full breaker',
    { code: 503, flags: 'UO', details: 'upstream_reset_before_response_started{overflow}' },
    'not_sent',
  ],
  [
    'no such name',
    {
      code: 502,
      flags: 'DF',
      details: 'dns_resolution_failure{cares_norecords:Domain_name_not_found}',
      attempts: 0,
    },
    'not_sent',
  ],
  [
    'a refused address',
    { code: 403, details: 'rbac_access_denied_matched_policy[refused_address]', attempts: 0 },
    'not_sent',
  ],
  [
    'the client left during the Check',
    { code: 0, flags: 'DC', details: 'downstream_remote_disconnect', attempts: 0 },
    'not_sent',
  ],
  [
    'the client left during the answer',
    { flags: 'DC', details: 'downstream_remote_disconnect' },
    'client_abort',
  ],
  ['an answer that took too long', { details: 'max_duration_timeout' }, 'upstream_error'],
  ['an idle answer', { flags: 'SI', details: 'stream_idle_timeout' }, 'upstream_error'],
  [
    'a tunnel that the client closed',
    { tunnel: true, flags: 'DC', details: 'downstream_remote_disconnect' },
    'completed',
  ],
  ['a tunnel that the upstream closed', { tunnel: true }, 'completed'],
  ['a tunnel whose time was up', { tunnel: true, flags: 'DT', details: 'max_duration_timeout' }, 'completed'],
  [
    'a tunnel that never stood',
    {
      tunnel: true,
      code: 502,
      flags: 'UF',
      details: 'upstream_reset_before_response_started{remote_connection_failure}',
    },
    'not_sent',
  ],
  ['an answer that policy kept back', { code: 502, details: 'inspection_response_blocked' }, 'completed'],
  ['a body that policy cut on its way', { code: 422, details: 'inspection_body_invalid' }, 'completed'],
  [
    'an answer that policy cut',
    { details: 'ext_proc_error_gRPC_error_14{policy_cut{via_upstream}}' },
    'completed',
  ],
  [
    'an answer whose gateway died',
    { details: 'ext_proc_error_gRPC_error_14{connection_refused{via_upstream}}' },
    'unknown',
  ],
  ['words we do not know', { details: 'something_new' }, 'unknown'],
];

describe('outcomeState', () => {
  for (const [name, changes, state] of SEEN) {
    it(`${name}: ${state}`, () => assert.equal(outcomeState(end(changes)), state));
  }

  it('claims `completed` for plain requests only with words that say so, which nobody finds by chance', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(599), fc.nat(3), (details, flags, code, attempts) => {
        const state = outcomeState(end({ details, flags, code, attempts }));
        if (state === 'completed') assert.ok(details === 'via_upstream' && attempts > 0);
      }),
    );
  });
});

describe('outcomeFacts', () => {
  it('keeps sizes and times and leaves out what there was not', () => {
    assert.deepEqual(outcomeFacts(end({ flags: 'DC' })), {
      ...{
        state: 'client_abort',
        status: 200,
        bytes_in: 1,
        bytes_out: 2,
        latency_ms: 3,
        upstream_latency_ms: 2,
      },
      ...{ flags: 'DC', details: 'via_upstream', upstream_address: '127.83.1.2:80', attempts: 1 },
    });
    const {
      upstream: _,
      upstream_ms: __,
      ...nothing
    } = end({ code: 0, flags: '', details: '', attempts: 0 });
    assert.deepEqual(outcomeFacts(nothing), {
      state: 'not_sent',
      bytes_in: 1,
      bytes_out: 2,
      latency_ms: 3,
      attempts: 0,
    });
  });

  it('drops the free text of details', () => {
    const tls =
      'upstream_reset_before_response_started{remote_connection_failure|TLS_error:|1:expected_SANs:_[secret.example]}';
    assert.equal(
      outcomeFacts(end({ details: tls })).details,
      'upstream_reset_before_response_started{remote_connection_failure|TLS_error}',
    );
    assert.equal(
      outcomeFacts(end({ details: `x\u0007é${'y'.repeat(500)}` })).details,
      `x__${'y'.repeat(125)}`,
    );
  });
});
