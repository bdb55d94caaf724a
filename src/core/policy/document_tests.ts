import type { DocumentTest, TestExpectation } from '../../gen/policy_document.ts';
import type { StreamCaps } from '../verdict/stream_caps.ts';
import type { CompiledPolicy } from './compiled.ts';
import { type Mistake, mistake, pointerOf, shown } from './mistakes.ts';
import type { SampleSchemas } from './sample_body.ts';
import { samplePrincipal, sampleRequest } from './sample_request.ts';
import { isSameStream, streamText } from './stream_demands.ts';

interface Judged {
  readonly verdict: 'allow' | 'deny';
  readonly reason: string;
  readonly rule_id?: string;
  readonly tunnel?: string;
  readonly stream?: StreamCaps;
}

type Evaluate = CompiledPolicy['evaluate'];

/**
 * Runs the tests of a document against its own plan; one mistake for each that fails. They are judged while every
 * exception holds, so that whether a document compiles never depends on the day.
 */
export function failingTests(
  evaluate: Evaluate,
  tests: readonly DocumentTest[],
  schemas: SampleSchemas,
): readonly Mistake[] {
  return tests.flatMap((test, index) => {
    const judged = judge(evaluate, test, schemas);
    if (isAsExpected(judged, test.expect)) return [];
    const message = `the test ${shown(test.name)} expects ${expected(test.expect)}, the policy says ${said(judged)}`;
    return [mistake('TEST_FAILED', pointerOf('tests', index), message, 'correct the rules or the test')];
  });
}

function judge(evaluate: Evaluate, { request: sample }: DocumentTest, schemas: SampleSchemas): Judged {
  const request = sampleRequest(sample, schemas);
  if (!request.ok) return { verdict: 'deny', reason: request.problem };
  const { live } = evaluate(request.value, samplePrincipal(sample.agent), 0);
  // What waits for a body is not granted yet.
  return live.inspect === undefined ? live : { ...live, verdict: 'deny', reason: 'BODY_NOT_COMPLETED' };
}

function isAsExpected(judged: Judged, expect: TestExpectation): boolean {
  const { verdict, reason, rule, tunnel } = expect;
  return (
    judged.verdict === verdict &&
    (reason === undefined || judged.reason === reason) &&
    (rule === undefined || judged.rule_id === rule) &&
    (tunnel === undefined || judged.tunnel === tunnel) &&
    isStreamAsExpected(judged.stream, expect)
  );
}

function isStreamAsExpected(judged: StreamCaps | undefined, { stream, frames }: TestExpectation): boolean {
  const { frames: said, ...caps } = judged ?? {};
  return (frames === undefined || frames === said) && (stream === undefined || isSameStream(stream, caps));
}

function expected({ verdict, reason, rule, tunnel, stream, frames }: TestExpectation): string {
  const caps = stream || frames ? { ...stream, ...(frames === undefined ? {} : { frames }) } : undefined;
  return sentence(verdict, reason, rule, tunnel, caps);
}

function said({ verdict, reason, rule_id, tunnel, stream }: Judged): string {
  return sentence(verdict, reason, rule_id, tunnel, stream);
}

function sentence(
  verdict: string,
  reason?: string,
  rule?: string,
  tunnel?: string,
  stream?: StreamCaps,
): string {
  const named = [
    ['rule', rule],
    ['tunnel', tunnel],
    ['stream', stream && streamText(stream)],
  ].flatMap(([what, name]) => (name === undefined ? [] : [`${what} ${name}`]));
  const details = reason === undefined ? named : [reason, ...named];
  return details.length === 0 ? verdict : `${verdict} (${details.join(', ')})`;
}
