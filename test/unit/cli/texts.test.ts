import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doctorText } from '../../../src/cli/doctor.ts';
import { CliError } from '../../../src/cli/exit.ts';
import { sinceOf } from '../../../src/cli/export.ts';
import type { Receipt } from '../../../src/cli/journal_reader.ts';
import { explanation, requestLine, summary } from '../../../src/cli/receipt_text.ts';
import { quoted } from '../../../src/cli/shell_word.ts';
import { nodeCrypto } from '../../../src/cli/verify.ts';
import { verifyText } from '../../../src/cli/verify_text.ts';
import { parseRecord } from '../../../src/core/receipt/parse_record.ts';
import type { DecisionRecord, OutcomeRecord } from '../../../src/core/receipt/records.ts';
import { verifyBundle } from '../../../src/core/verify/verify_bundle.ts';
import { bodyTextOf, bundleOf, trustOf } from '../../support/evidence_bundle.ts';
import { EvidenceLog } from '../../support/evidence_log.ts';

function begun(): EvidenceLog {
  const log = new EvidenceLog();
  log.genesis();
  log.delegate();
  return log;
}

function recordOf<T extends DecisionRecord | OutcomeRecord>(line: Uint8Array): T {
  const parsed = parseRecord(Buffer.from(bodyTextOf(line)));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value as T;
}

function decided(extra: Record<string, unknown> = {}): Receipt {
  const line = begun().decision(extra);
  return { decision: { record: recordOf<DecisionRecord>(line), segment: 's', line } };
}

test('why names verdict, rule, limits, next step and outcome', () => {
  const bucket = {
    limit_id: 'per-agent/rps',
    key_commitment: 'ab'.repeat(32),
    tat_before: 5_000_000,
    now: 4_000_000,
    cost: 1,
    tat_after: 5_000_000,
  };
  const text = explanation(
    decided({
      verdict: 'deny',
      reason: 'LIMIT_RPS',
      rule_id: 'per-agent',
      rate_limit_bucket_state: [bucket],
      retry_after_ms: 200,
    }),
  );
  assert.match(text, /^verdict {5}DENIED: Too many requests per second \(LIMIT_RPS, 429\)$/m);
  assert.match(text, /^rule {8}per-agent$/m);
  assert.match(text, /^limit {7}per-agent\/rps: not charged, 1000 ms ahead/m);
  assert.match(text, /^retry after 200 ms$/m);
  assert.match(text, /^outcome {5}nothing was sent/m);
  assert.match(text, /^next .*raise the limit per-agent/m);
  assert.doesNotMatch(text, /receipts why/);
});

test('why of an allow tells what became of it, or that nobody knows yet', () => {
  const log = begun();
  const line = log.decision();
  const decision = { record: recordOf<DecisionRecord>(line), segment: 's', line };
  assert.match(explanation({ decision }), /^outcome {5}not known yet$/m);
  const outcome = recordOf<OutcomeRecord>(log.outcome());
  assert.match(explanation({ decision, outcome }), /^outcome {5}completed, status 200, 12 bytes in 3 ms$/m);
});

test('why of a tunnel that came to nothing says what to do about it', () => {
  const log = begun();
  const line = log.decision();
  const decision = { record: recordOf<DecisionRecord>(line), segment: 's', line };
  const outcome = recordOf<OutcomeRecord>(log.outcome());
  const expected: readonly (readonly [NonNullable<OutcomeRecord['cause']>, RegExp])[] = [
    ['tls_client_distrust', /^next .*clawgress trust install.*docs\/clients\.md/m],
    ['tls_unused', /^next .*clawgress trust install.*docs\/clients\.md/m],
    ['tls_name_refused', /^next .*clawgress ca show/m],
    ['tls_missing', /^next .*protocol kind tcp/m],
    ['tls_timeout', /^next .*clawgress doctor/m],
    ['tls_failed', /^next .*TLS 1\.2 or 1\.3/m],
  ];
  for (const [cause, step] of expected) {
    const text = explanation({ decision, outcome: { ...outcome, state: 'not_sent', cause } });
    assert.match(text, /^cause {7}nothing was sent: /m, cause);
    assert.match(text, step, cause);
  }
  assert.doesNotMatch(explanation({ decision, outcome }), /^(cause|next) /m);
});

test('an anonymous denial says that nobody asked', () => {
  const receipt = decided({
    verdict: 'deny',
    reason: 'IDENTITY_MISSING',
    identity: undefined,
    identity_problem: 'IDENTITY_MISSING',
    rule_id: undefined,
  });
  assert.match(explanation(receipt), /^who {9}nobody \(IDENTITY_MISSING\)$/m);
  assert.match(summary(receipt.decision.record), / deny {3}IDENTITY_MISSING {8}- /);
});

test('request lines show what was visible', () => {
  const { record } = decided().decision;
  assert.equal(requestLine(record), 'GET http://127.0.0.9:8080/hello');
  const request = { ...record.request };
  assert.equal(
    requestLine({ ...record, request: { ...request, query_commitment: 'x' } }),
    'GET http://127.0.0.9:8080/hello?…',
  );
  assert.equal(
    requestLine({ ...record, request: { ...request, protocol: 'connect' } }),
    'CONNECT 127.0.0.9:8080',
  );
  const v6 = { ...request, authority: '::1', host_kind: 'ipv6' } as const;
  assert.equal(requestLine({ ...record, request: v6 }), 'GET http://[::1]:8080/hello');
  assert.match(requestLine({ ...record, request: { ...request, protocol: 'grpc' } }), /\/hello {2}\(grpc\)$/);
  const { method: _method, scheme: _scheme, path: _path, ...rest } = request;
  assert.equal(requestLine({ ...record, request: rest }), '127.0.0.9:8080', 'nothing is made up');
});

test('since takes a sequence number or a time', () => {
  const { record } = decided().decision;
  assert.equal(sinceOf(undefined)(record), true);
  assert.equal(sinceOf(String(record.seq))(record), true);
  assert.equal(sinceOf(String(record.seq + 1))(record), false);
  assert.equal(sinceOf(record.ts)(record), true);
  assert.equal(sinceOf('2099-01-01')(record), false);
  for (const wrong of ['yesterday', '-1', '2026-13-01', '1e3', '']) {
    assert.throws(() => sinceOf(wrong), CliError, wrong);
  }
});

test('the report of verify leads with the verdict and names each finding', () => {
  const log = begun();
  log.decision();
  log.outcome();
  const zip = bundleOf(log);
  const good = verifyBundle(zip, trustOf(log), nodeCrypto());
  assert.equal(good.verdict, 'VERIFIED');
  assert.match(verifyText('e.zip', good), /^e\.zip\n {2}verdict {5}VERIFIED: /);
  const other = new EvidenceLog();
  const bad = verifyBundle(zip.slice(0, -1), trustOf(other), nodeCrypto());
  assert.match(verifyText('e.zip', bad), /finding {5}ZIP_INVALID offset/);
});

test('signatures with keys that the platform cannot read do not verify', () => {
  const crypto = nodeCrypto();
  const message = Buffer.from('m');
  assert.equal(crypto.verifyEd25519(new Uint8Array(31), message, new Uint8Array(64)), false);
  assert.equal(crypto.verifyP256(new Uint8Array(3), message, new Uint8Array(64)), false);
});

test('doctor shows fixes only when asked, and counts', () => {
  const found = [
    { check: 'a', status: 'ok', detail: 'x', fix: 'unused' },
    { check: 'b', status: 'fail', detail: 'y', fix: 'do z' },
  ] as const;
  assert.match(doctorText(found, true), /FAIL {2}b .*y\n +fix: do z\n\n1 ok, 0 warnings, 1 failures\n$/);
  assert.doesNotMatch(doctorText(found, false), /do z/);
  assert.match(doctorText(found, false), /--suggest-fixes/);
});

test('words survive a shell', () => {
  assert.equal(quoted('/tmp/a-b.c'), '/tmp/a-b.c');
  assert.equal(quoted("it's $HOME"), `'it'\\''s $HOME'`);
  assert.equal(quoted(''), "''");
});
