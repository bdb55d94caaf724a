import type { SelfAnswer } from './encode.ts';

// RFC 9457, with the members that the body of a denial has.

export const RECEIPT_UNKNOWN = problem(404, 'RECEIPT_UNKNOWN', {
  title: 'No such receipt',
  detail: 'None of the newest receipts of this agent has this id.',
  next_steps: ['Ask the operator to run: clawgress receipts why <receipt id>'],
});

export const SELF_TOO_OFTEN = problem(429, 'SELF_TOO_OFTEN', {
  title: 'Asked too often',
  detail: 'Questions about oneself are answered a few times a second.',
  next_steps: ['Retry after the time in Retry-After.'],
});

export const RECORDER_AWAY = problem(503, 'RECORDER_UNAVAILABLE', {
  title: 'The recorder cannot be asked',
  detail:
    'What is left of limits and what became of requests is known to the recorder, which does not answer.',
  next_steps: ['Retry with back-off.'],
});

interface Words {
  readonly title: string;
  readonly detail: string;
  readonly next_steps: readonly string[];
}

function problem(status: SelfAnswer['status'], code: string, words: Words): SelfAnswer {
  const { title, ...rest } = words;
  return { status, body: { type: `urn:clawgress:self:${code}`, title, status, code, ...rest } };
}
