import type { ProcMessage } from '../codec/ext_proc_message.ts';

/**
 * What Envoy says about one request that goes by the inspecting route, or what came of the work that was asked for last.
 * Everything happens one after the other.
 */
export type Happening =
  | {
      readonly kind: ProcMessage['kind'];
      readonly isLast: boolean;
      /** Of an answer. */
      readonly origin?: 'destination' | 'too_large' | 'envoy';
    }
  /** The ticket is good and there is room. `at_once`: nothing more of the body has to come for a decision. */
  | { readonly kind: 'opened'; readonly way: 'whole' | 'streamed' | 'at_once' }
  /** A decision is durable. */
  | { readonly kind: 'decided'; readonly isAllowed: boolean }
  /** How the answer is to come. `refused`: our own has taken its place. */
  | { readonly kind: 'answered'; readonly way: 'whole' | 'stream' | 'pass' | 'refused' }
  /** The streamed body, or the answer, broke its contract: ours has taken its place, or nothing more goes on. */
  | { readonly kind: 'cut' }
  /** The body takes too long. */
  | { readonly kind: 'slow' }
  /** Nobody will say or hear anything more. */
  | { readonly kind: 'gone' };

/** What is to be done now. Each but `nothing`, `close` and `fail` answers the message with exactly one reply. */
export type Act =
  /** Open the ticket, make room, ask for the body; then `opened`, or `decided`. */
  | 'open'
  /** Judge with the body as far as it is needed; then `decided`. */
  | 'decide'
  /** Judge a body that says that trailers belong to it; then `decided`. */
  | 'decide_trailers'
  /** Judge a body that Envoy could not hold, and answer in place of Envoy. */
  | 'decide_too_large'
  /** Record that the body is too slow, and say so. */
  | 'time_out'
  | 'read_request'
  /** Say how the answer is to come; then `answered`. */
  | 'begin_answer'
  | 'read_answer'
  /** The message is nobody's concern: let it go on. */
  | 'pass'
  /** End it all by an error, so that nothing goes on; then `gone`. */
  | 'fail'
  /** Record that the body never came. */
  | 'abandon'
  /** Tell the readers that nothing more comes. */
  | 'close'
  | 'nothing';

/** Where one request stands. */
export interface Standing {
  readonly request:
    | 'fresh'
    | 'opening'
    | 'waiting'
    | 'deciding'
    /** Allowed, and read while it goes on. */
    | 'streaming'
    | 'forwarded'
    /** Our own answer has taken its place. */
    | 'refused'
    /** Envoy has answered it before anybody looked. */
    | 'lost'
    | 'gone';
  /** Asked for a body that is read while it goes on. */
  readonly isStreamed: boolean;
  readonly answer: 'none' | 'beginning' | 'whole' | 'stream' | 'passing' | 'over';
}

export interface Step {
  readonly standing: Standing;
  readonly act: Act;
}

export const START: Standing = { request: 'fresh', isStreamed: false, answer: 'none' };

/** Pure and total: whatever happens in whatever order, nothing goes on without a recorded allow, and nothing is decided twice. */
export function next(standing: Standing, happening: Happening): Step {
  if (standing.request === 'gone') return { standing, act: 'nothing' };
  if (happening.kind === 'gone') return gone(standing);
  // Envoy says nothing more behind an answer of ours; what was under way says nothing either.
  if (standing.request === 'refused') return { standing, act: 'nothing' };
  switch (happening.kind) {
    case 'request_headers':
      return standing.request === 'fresh' ? to(standing, 'open', { request: 'opening' }) : fail(standing);
    case 'opened':
      return opened(standing, happening.way);
    case 'decided':
      return decided(standing, happening.isAllowed);
    case 'slow':
      return standing.request === 'waiting'
        ? to(standing, 'time_out', { request: 'deciding' })
        : { standing, act: 'nothing' };
    case 'cut':
      return to(standing, 'nothing', { request: 'refused' });
    case 'request_body':
    case 'request_trailers':
      return requestGoesOn(standing, happening);
    case 'answered':
      return answered(standing, happening.way);
    default:
      return answer(standing, happening);
  }
}

function opened(standing: Standing, way: 'whole' | 'streamed' | 'at_once'): Step {
  if (standing.request !== 'opening') return fail(standing);
  if (way === 'whole') return to(standing, 'nothing', { request: 'waiting' });
  return to(standing, 'decide', { request: 'deciding', isStreamed: way === 'streamed' });
}

function decided(standing: Standing, isAllowed: boolean): Step {
  if (standing.request !== 'deciding' && standing.request !== 'opening') return fail(standing);
  if (!isAllowed) return to(standing, 'nothing', { request: 'refused' });
  return to(standing, 'nothing', { request: standing.isStreamed ? 'streaming' : 'forwarded' });
}

function requestGoesOn(standing: Standing, { kind, isLast }: Said): Step {
  const isBody = kind === 'request_body';
  if (standing.request === 'waiting') {
    // A whole body that is not the last of its request has trailers behind it.
    const act = isBody && isLast ? 'decide' : 'decide_trailers';
    return to(standing, act, { request: 'deciding' });
  }
  // Nobody looks at the trailers of a body that went on unread, by a rule that says so.
  if (standing.request === 'forwarded' && !isBody) return { standing, act: 'pass' };
  if (standing.request !== 'streaming') return fail(standing);
  return to(standing, 'read_request', { request: isLast || !isBody ? 'forwarded' : 'streaming' });
}

type Said = Extract<Happening, { readonly isLast: boolean }>;

function answer(standing: Standing, { kind, isLast, origin }: Said): Step {
  if (kind === 'response_headers') return answerBegins(standing, isLast, origin);
  const isBody = kind === 'response_body';
  switch (standing.answer) {
    // A whole answer is one message, which trailers may follow.
    case 'whole':
      return isBody ? to(standing, 'read_answer', { answer: 'over' }) : fail(standing);
    case 'stream':
      return to(standing, 'read_answer', { answer: isLast || !isBody ? 'over' : 'stream' });
    case 'over':
    case 'passing':
      return isBody && standing.answer === 'over' ? fail(standing) : { standing, act: 'pass' };
    default:
      return fail(standing);
  }
}

function answerBegins(standing: Standing, isLast: boolean, origin: Said['origin']): Step {
  if (standing.answer !== 'none') return fail(standing);
  const { request } = standing;
  if (request === 'waiting' && origin === 'too_large')
    return to(standing, 'decide_too_large', { request: 'deciding' });
  // Envoy's own answer, to a request that went nowhere: nobody gave it a stamp.
  if (request === 'fresh' || request === 'waiting')
    return to(standing, 'pass', { request: 'lost', answer: 'passing' });
  if (request !== 'forwarded' && request !== 'streaming') return fail(standing);
  // Envoy's own answer is no answer of the destination.
  return isLast || origin !== 'destination'
    ? to(standing, 'begin_answer', { answer: 'passing' })
    : to(standing, 'begin_answer', { answer: 'beginning' });
}

function answered(standing: Standing, way: 'whole' | 'stream' | 'pass' | 'refused'): Step {
  if (standing.answer === 'passing' && way === 'pass') return { standing, act: 'nothing' };
  if (way === 'refused') return to(standing, 'nothing', { request: 'refused', answer: 'over' });
  if (standing.answer !== 'beginning') return fail(standing);
  return to(standing, 'nothing', { answer: way === 'pass' ? 'passing' : way });
}

function gone(standing: Standing): Step {
  const isUndecided = UNDECIDED.includes(standing.request);
  return to(standing, isUndecided ? 'abandon' : 'close', { request: 'gone' });
}

const UNDECIDED: readonly Standing['request'][] = ['opening', 'waiting', 'deciding', 'lost'];

function fail(standing: Standing): Step {
  return { standing, act: 'fail' };
}

function to(standing: Standing, act: Act, change: Partial<Standing>): Step {
  return { standing: { ...standing, ...change }, act };
}
