import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Attempt,
  type DirectSight,
  judgeDirect,
  judgeProxied,
  overall,
  type ProxySight,
  sightOfError,
} from '../../../src/bypass/judge.ts';

const arrival = { saw: [] };

test('what a direct try proves, without and with a control run', () => {
  const table: readonly (readonly [DirectSight, alone: string, controlled: string])[] = [
    [{ kind: 'arrived', arrival }, 'leaked', 'leaked'],
    [{ kind: 'refused_here', code: 'EPERM' }, 'held', 'held'],
    [{ kind: 'refused_there', code: 'ECONNREFUSED' }, 'not_tested', 'held'],
    [{ kind: 'answered' }, 'not_tested', 'held'],
    [{ kind: 'silent' }, 'not_tested', 'held'],
    [{ kind: 'failed', code: 'EMFILE' }, 'not_tested', 'not_tested'],
  ];
  for (const [sight, alone, controlled] of table) {
    assert.equal(judgeDirect('t', sight, false).verdict, alone, sight.kind);
    assert.equal(judgeDirect('t', sight, true).verdict, controlled, sight.kind);
  }
});

test('an error is a refusal of this host only when nothing can have been sent', () => {
  assert.equal(sightOfError('EPERM', false).kind, 'refused_here');
  assert.equal(sightOfError('EHOSTUNREACH', false).kind, 'refused_there');
  assert.equal(sightOfError('ENETUNREACH', true).kind, 'refused_here');
  assert.equal(sightOfError('ECONNREFUSED', false).kind, 'refused_there');
  assert.equal(sightOfError('EMFILE', false).kind, 'failed');
});

test('what a try through the gateway proves', () => {
  const refused = (status: number, code: string): ProxySight => ({ kind: 'gateway', status, code });
  const table: readonly (readonly [ProxySight, string])[] = [
    [{ kind: 'arrived', arrival }, 'leaked'],
    [refused(403, 'POLICY_NO_MATCH'), 'held'],
    [refused(403, 'DESTINATION_SELF'), 'held'],
    [refused(421, 'TLS_NAME_MISMATCH'), 'held'],
    [refused(503, 'ADDRESS_REFUSED'), 'held'],
    [refused(502, 'UPSTREAM_UNREACHABLE'), 'leaked'],
    [refused(504, 'UPSTREAM_TIMEOUT'), 'leaked'],
    [refused(407, 'IDENTITY_UNKNOWN'), 'not_tested'],
    [refused(503, 'RECORDER_UNAVAILABLE'), 'not_tested'],
    [refused(429, 'FLOOD_GUARD'), 'not_tested'],
    [{ kind: 'status', status: 200, bare: false }, 'leaked'],
    [{ kind: 'status', status: 404, bare: false }, 'leaked'],
    [{ kind: 'status', status: 400, bare: true }, 'held'],
    [{ kind: 'status', status: 400, bare: false }, 'leaked'],
    [{ kind: 'bytes' }, 'leaked'],
    [{ kind: 'closed' }, 'held'],
    [{ kind: 'silent' }, 'not_tested'],
    [{ kind: 'failed', code: 'ECONNREFUSED' }, 'not_tested'],
  ];
  for (const [sight, verdict] of table)
    assert.equal(judgeProxied('t', sight).verdict, verdict, JSON.stringify(sight));
  assert.equal(judgeProxied('t', refused(407, 'IDENTITY_MISSING'), true).verdict, 'held');
});

test('one leak is a leak, one doubt is a doubt, nothing is no proof', () => {
  const of = (...verdicts: Attempt['verdict'][]) =>
    overall(verdicts.map((verdict) => ({ attempt: 't', saw: 's', verdict })));
  assert.equal(of(), 'not_tested');
  assert.equal(of('held', 'held'), 'held');
  assert.equal(of('held', 'not_tested'), 'not_tested');
  assert.equal(of('held', 'not_tested', 'leaked'), 'leaked');
});
