import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LOG_LINE_BYTES_MAX, parseAccessLogLine } from '../../../../src/server/codec/access_log_entry.ts';
import { GAP_CAUSES, gapCause } from '../../../../src/server/codec/gap_cause.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A line of the real Envoy. */
const LINE = {
  ...{
    attempts: 1,
    bytes_in: 35,
    bytes_out: 172,
    code: 200,
    details: 'downstream_remote_disconnect',
    duration_ms: 14,
  },
  ...{ flags: 'DC', listener: 'explicit', protocol: 'HTTP/1.1', receipt_id: 'rid-18' },
  ...{ request_id: '9ee4edf0-3032-415e-a15d-1994cbe3693c', route: 'tunnel', start_ms: '1795282925667' },
  ...{ stream_id: '9ee4edf0-3032-415e-a15d-1994cbe3693c', upstream: '127.83.7.2:37405', upstream_ms: null },
};
const parse = (changes: Record<string, unknown>) =>
  parseAccessLogLine(bytes(JSON.stringify({ ...LINE, ...changes })));

describe('parseAccessLogLine', () => {
  it('reads a line of Envoy', () => {
    assert.deepEqual(parse({}), {
      ok: true,
      value: {
        receipt_id: 'rid-18',
        request_id: '9ee4edf0-3032-415e-a15d-1994cbe3693c',
        start_ms: 1795282925667,
        half: 'outer',
        end: {
          ...{ code: 200, attempts: 1, bytes_in: 35, bytes_out: 172, duration_ms: 14, flags: 'DC' },
          ...{ details: 'downstream_remote_disconnect', tunnel: true, upstream: '127.83.7.2:37405' },
        },
      },
    });
  });

  it('takes null and - for nothing, and the stream id where there is no request id', () => {
    const read = parse({ receipt_id: null, request_id: null, upstream: '-', flags: '-', upstream_ms: 7 });
    assert.ok(read.ok);
    assert.equal(read.value.receipt_id, undefined);
    assert.equal(read.value.request_id, LINE.stream_id);
    assert.equal(read.value.end.upstream, undefined);
    assert.equal(read.value.end.flags, '');
    assert.equal(read.value.end.upstream_ms, 7);
  });

  it('refuses ids and numbers that are none', () => {
    const bad = [
      { receipt_id: 'a b' },
      { receipt_id: 7 },
      { request_id: 'x'.repeat(65) },
      { code: -1 },
      { code: 1.5 },
      { code: null },
      { bytes_in: '0x10' },
      { bytes_out: 2 ** 60 },
      { start_ms: 'soon' },
      { duration_ms: [] },
    ];
    for (const changes of bad)
      assert.deepEqual(parse(changes), { ok: false, problem: 'LOG_LINE_FIELD' }, JSON.stringify(changes));
  });

  it('refuses cut, glued and foreign lines, and never throws', () => {
    const whole = JSON.stringify(LINE);
    for (let cut = 0; cut < whole.length; cut += 7) {
      assert.deepEqual(parseAccessLogLine(bytes(whole.slice(0, cut))), {
        ok: false,
        problem: 'LOG_LINE_SYNTAX',
      });
      if (cut > 0) assert.ok(!parseAccessLogLine(bytes(whole.slice(0, cut) + whole)).ok);
    }
    assert.deepEqual(parseAccessLogLine(new Uint8Array(LOG_LINE_BYTES_MAX + 1)), {
      ok: false,
      problem: 'LOG_LINE_TOO_LONG',
    });
    fc.assert(fc.property(fc.uint8Array(), (noise) => assert.ok(!parseAccessLogLine(noise).ok)));
    fc.assert(
      fc.property(fc.json(), (text) => assert.equal(typeof parseAccessLogLine(bytes(text)).ok, 'boolean')),
    );
  });
});

describe('gapCause', () => {
  const causeOf = (details: string, flags = '-'): string => {
    const read = parse({ receipt_id: null, details, flags });
    assert.ok(read.ok);
    return gapCause(read.value);
  };

  it('tells the causes apart', () => {
    assert.equal(causeOf('ext_authz_error', 'UAEX'), 'gateway_unavailable');
    assert.equal(causeOf('rbac_access_denied_matched_policy[none]'), 'decision_unproven');
    assert.equal(causeOf('upgrade_failed'), 'upgrade_refused');
    assert.equal(causeOf('downstream_remote_disconnect', 'DC'), 'client_left');
    assert.equal(causeOf('http1.codec_error', 'DPE'), 'codec_error');
    assert.equal(causeOf('low_version', 'DPE'), 'codec_error');
    assert.equal(causeOf('overload', 'OM'), 'overload');
    assert.equal(causeOf('request_header_timeout'), 'timeout');
    assert.equal(causeOf('something_new'), 'other');
  });

  it('stays inside the closed list', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (details, flags) =>
        assert.ok((GAP_CAUSES as readonly string[]).includes(causeOf(details, flags))),
      ),
    );
  });
});
