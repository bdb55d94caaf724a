import type { Proposal } from '../../../src/core/verdict/proposal.ts';
import { type Caller, createCheck } from '../../../src/server/check.ts';
import type { Snapshot } from '../../../src/server/ports.ts';
import { bench } from './fakes.ts';
import { checkRequest, readResponse } from './official.ts';

export const CALLER = { node: 'envoy-1', epoch: 'e1' };

export async function run(
  current: Snapshot,
  request = checkRequest(),
  prepare = (_: ReturnType<typeof bench>) => {},
  caller: Caller = CALLER,
) {
  const setup = bench(() => current);
  prepare(setup);
  const response = readResponse(await createCheck(setup.deps)(request, caller));
  const text = response.denied_response?.body ?? '';
  // To gRPC clients it is one line of text.
  const body = JSON.parse(text.startsWith('{') ? text : '{}');
  return { ...setup, response, body, proposal: setup.recorder.proposals[0] as Proposal };
}

export const stampOf = (response: ReturnType<typeof readResponse>) =>
  response.dynamic_metadata?.fields['stamp']?.string_value;
export const ridOf = (response: ReturnType<typeof readResponse>) =>
  response.dynamic_metadata?.fields['rid']?.string_value;
