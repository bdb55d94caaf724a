import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { REASONS, type ReasonCode } from '../../../../src/core/verdict/reasons.ts';
import type { AllowAnswer, DenialAnswer } from '../../../../src/server/codec/answer.ts';
import { encodeAllow, encodeDenial } from '../../../../src/server/codec/check_response.ts';
import { GUIDANCE } from '../../../../src/server/codec/next_steps.ts';
import { pairs, readResponse } from '../official.ts';

const RECEIPT = { id: '01920000-0000-7000-8000-000000000000', leafHash: 'ab'.repeat(32) };
const ALLOW: AllowAnswer = { stamp: 's3', receipt: RECEIPT, rewrite: {}, strip: ['proxy-authorization'] };
const DENIAL: DenialAnswer = {
  reason: 'POLICY_NO_MATCH',
  mode: 'explicit',
  requestId: 'req-1',
  receipt: RECEIPT,
  policyHash: 'sha256:00',
};
const DENIALS = (Object.keys(REASONS) as ReasonCode[]).filter((reason) => reason !== 'POLICY_ALLOW');

function headersOf(denial: DenialAnswer): Map<string, string | undefined> {
  return new Map(pairs(readResponse(encodeDenial(denial)).denied_response?.headers));
}

function bodyOf(denial: DenialAnswer): Record<string, unknown> {
  return JSON.parse(readResponse(encodeDenial(denial)).denied_response?.body ?? '');
}

test('the smallest allow is these bytes', () => {
  const bytes = encodeAllow({ stamp: 'S', receipt: { id: 'R', leafHash: 'L' }, rewrite: {}, strip: ['p'] });
  const option = (key: string, value: string) => {
    const header = field(1, Buffer.concat([field(1, Buffer.from(key)), field(2, Buffer.from(value))]));
    // append_action = 2, written out: the default would append to what the destination sent.
    return field(6, Buffer.concat([header, Buffer.from([0x18, 0x02])]));
  };
  const entry = (key: string, value: string) =>
    field(1, Buffer.concat([field(1, Buffer.from(key)), field(2, field(3, Buffer.from(value)))]));
  const expected = Buffer.concat([
    // status present and empty: code 0 is the default value and stays off the wire.
    field(1, Buffer.alloc(0)),
    field(
      3,
      Buffer.concat([
        field(5, Buffer.from('p')),
        option('x-clawgress-receipt', 'R'),
        option('x-clawgress-leaf', 'L'),
      ]),
    ),
    field(4, Buffer.concat([entry('stamp', 'S'), entry('rid', 'R')])),
  ]);
  assert.equal(Buffer.from(bytes).toString('hex'), expected.toString('hex'));
});

/** A length-delimited field, by the wire format's own rules. */
function field(number: number, content: Buffer): Buffer {
  assert.ok(content.length < 128);
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}

test('an allow carries stamp, receipt id and receipt headers', () => {
  const response = readResponse(encodeAllow(ALLOW));
  assert.equal(response.http_response, 'ok_response');
  assert.equal(response.status?.code ?? 0, 0);
  assert.deepEqual(response.dynamic_metadata?.fields['stamp']?.string_value, 's3');
  assert.deepEqual(response.dynamic_metadata?.fields['rid']?.string_value, RECEIPT.id);
  assert.deepEqual(pairs(response.ok_response?.response_headers_to_add), [
    ['x-clawgress-receipt', RECEIPT.id],
    ['x-clawgress-leaf', RECEIPT.leafHash],
  ]);
  assert.deepEqual(response.ok_response?.headers_to_remove, ['proxy-authorization']);
  assert.equal(response.ok_response?.headers, undefined);
});

test('an allow rewrites authority and path by overwriting, in `value`', () => {
  const response = readResponse(
    encodeAllow({ ...ALLOW, rewrite: { authority: 'api.example', path: '/v1?x=1' } }),
  );
  assert.deepEqual(response.ok_response?.headers, [
    { header: { key: ':authority', value: 'api.example' }, append_action: 2 },
    { header: { key: ':path', value: '/v1?x=1' }, append_action: 2 },
  ]);
});

test('every header of an allow says that it overwrites', () => {
  const limit = { quota: 5, remaining: 0, resetMs: 1_001 };
  const { ok_response } = readResponse(encodeAllow({ ...ALLOW, rewrite: { path: '/' }, limit }));
  const options = [...(ok_response?.headers ?? []), ...(ok_response?.response_headers_to_add ?? [])];
  assert.equal(options.length, 6);
  for (const option of options) assert.equal(option.append_action, 2);
  assert.deepEqual(pairs(ok_response?.response_headers_to_add).slice(2), [
    ['ratelimit-limit', '5'],
    ['ratelimit-remaining', '0'],
    ['ratelimit-reset', '2'],
  ]);
});

for (const reason of DENIALS) {
  test(`${reason} is a denial that Envoy cannot read as OK`, () => {
    for (const mode of ['explicit', 'base_url'] as const) {
      const response = readResponse(encodeDenial({ ...DENIAL, reason, mode }));
      assert.equal(response.http_response, 'denied_response');
      assert.equal(response.status?.code, 7);
      const expected = REASONS[reason].status === 401 && mode === 'explicit' ? 407 : REASONS[reason].status;
      assert.equal(response.denied_response?.status?.code, expected);
      assert.deepEqual(Object.keys(response.dynamic_metadata?.fields ?? {}), ['rid']);
    }
  });
}

test('a proxy asks with 407 and two challenges, an origin with 401 and none that leads to `authorization`', () => {
  const proxy = readResponse(encodeDenial({ ...DENIAL, reason: 'IDENTITY_MISSING' }));
  const challenges = pairs(proxy.denied_response?.headers).filter(([name]) => name === 'proxy-authenticate');
  assert.deepEqual(
    challenges.map(([, value]) => value),
    ['Basic realm="clawgress"', 'Bearer realm="clawgress"'],
  );
  const origin = headersOf({ ...DENIAL, reason: 'IDENTITY_MISSING', mode: 'base_url' });
  assert.match(origin.get('www-authenticate') ?? '', /^ClawgressKey .*header="x-clawgress-key"/);
  assert.equal(origin.has('proxy-authenticate'), false);
  assert.equal(headersOf({ ...DENIAL, reason: 'IDENTITY_QUARANTINED' }).has('proxy-authenticate'), false);
});

test('a denial is a problem document', () => {
  assert.deepEqual(bodyOf({ ...DENIAL, ruleId: 'refunds' }), {
    type: 'urn:clawgress:reason:POLICY_NO_MATCH',
    title: 'No rule allows this request',
    status: 403,
    code: 'POLICY_NO_MATCH',
    detail: 'No rule allows this request for this agent.',
    rule_id: 'refunds',
    policy_hash: 'sha256:00',
    receipt_id: RECEIPT.id,
    next_steps: [
      `Ask the operator to run: clawgress receipts why ${RECEIPT.id}`,
      `Or ask with the same credential: GET http://clawgress.internal/_clawgress/why/${RECEIPT.id} through the proxy`,
    ],
    error: {
      message: `No rule allows this request. No rule allows this request for this agent. (receipt ${RECEIPT.id})`,
      type: 'clawgress',
      code: 'POLICY_NO_MATCH',
    },
  });
  const headers = headersOf(DENIAL);
  assert.equal(headers.get('content-type'), 'application/problem+json');
  assert.equal(headers.get('x-clawgress-receipt'), RECEIPT.id);
  assert.equal(headers.get('x-clawgress-leaf'), RECEIPT.leafHash);
  assert.equal(
    headers.get('proxy-status'),
    'clawgress; error=http_request_denied; details="POLICY_NO_MATCH"',
  );
});

test('nobody is to send a request again whose answer was held back', () => {
  assert.equal(headersOf({ ...DENIAL, reason: 'RESPONSE_BLOCKED' }).get('x-should-retry'), 'false');
  assert.equal(headersOf(DENIAL).get('x-should-retry'), undefined);
});

test('an agent is sent to its own receipts, and nobody to one that is not theirs to see', () => {
  const steps = (denial: Parameters<typeof bodyOf>[0]) => String(bodyOf(denial)['next_steps']);
  assert.match(steps({ ...DENIAL, mode: 'base_url' }), /GET \/_clawgress\/why\/\S+ on this listener/);
  assert.match(steps({ ...DENIAL, mode: 'intercepted' }), /through the proxy/);
  const { receipt: _receipt, ...unrecorded } = DENIAL;
  for (const denial of [
    { ...DENIAL, reason: 'IDENTITY_DISABLED' as const },
    { ...DENIAL, mode: 'transparent' as const },
    unrecorded,
  ])
    assert.doesNotMatch(steps(denial), /_clawgress/);
});

test('the status in the body is the status of the reply', () => {
  assert.equal(bodyOf({ ...DENIAL, reason: 'IDENTITY_MISSING' })['status'], 407);
  assert.equal(bodyOf({ ...DENIAL, reason: 'IDENTITY_MISSING', mode: 'base_url' })['status'], 401);
});

test('a limit denial tells when to come back, never too early', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000_000 }),
      fc.integer({ min: 0, max: 10_000_000 }),
      (retryAfterMs, resetMs) => {
        const denial = {
          ...DENIAL,
          reason: 'LIMIT_RPS' as const,
          retryAfterMs,
          limit: { quota: 5, remaining: 0, resetMs },
        };
        const headers = headersOf(denial);
        const seconds = Number(headers.get('retry-after'));
        assert.ok(
          seconds >= 1 && seconds * 1000 >= retryAfterMs && (seconds - 1) * 1000 < Math.max(1, retryAfterMs),
        );
        assert.ok(Number(headers.get('ratelimit-reset')) * 1000 >= resetMs);
        assert.equal(headers.get('ratelimit-limit'), '5');
        assert.equal(bodyOf(denial)['retry_after_ms'], retryAfterMs);
      },
    ),
    { numRuns: 50 },
  );
});

test('without a record there is a request id and no receipt anywhere', () => {
  const { receipt: _, policyHash: __, ...bare } = DENIAL;
  for (const reason of [
    'RECORDER_UNAVAILABLE',
    'RECORDER_BUSY',
    'STALE_SNAPSHOT',
    'RECORD_TOO_LARGE',
    'INTERNAL',
  ] as const) {
    const bytes = encodeDenial({ ...bare, reason });
    const response = readResponse(bytes);
    assert.equal(response.denied_response?.status?.code, 503);
    assert.equal(response.dynamic_metadata, undefined);
    const body = bodyOf({ ...bare, reason });
    assert.equal(body['request_id'], 'req-1');
    assert.ok(!('receipt_id' in body));
    const headers = headersOf({ ...bare, reason });
    assert.equal(headers.has('x-clawgress-receipt'), false);
    assert.match(headers.get('proxy-status') ?? '', /error=proxy_internal_error/);
  }
});

test('every reason guides the caller, with all placeholders filled in', () => {
  for (const reason of DENIALS) {
    assert.ok(GUIDANCE[reason].steps.length > 0, reason);
    for (const receipt of [RECEIPT, undefined]) {
      const { receipt: _, ...bare } = DENIAL;
      const body = bodyOf({ ...bare, reason, ...(receipt === undefined ? {} : { receipt }) });
      assert.doesNotMatch(JSON.stringify(body['next_steps']), /<(?:receipt|request)_id>/, reason);
      assert.equal(body['code'], reason);
    }
  }
});

test('header values survive as single lines', () => {
  for (const reason of DENIALS) {
    for (const [name, value] of headersOf({ ...DENIAL, reason })) {
      assert.match(name, /^[a-z0-9-]+$/);
      assert.match(value ?? '', /^[\x20-\x7e]+$/);
    }
  }
});
