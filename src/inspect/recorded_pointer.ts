import { type BodyProblem, POINTER_RECORDED_MAX } from '../core/contract/body_facts.ts';

/** The nearest ancestor that a record can hold: short enough, and without controls. */
export function recordedPointer(pointer: string): string {
  let kept = '';
  for (const token of pointer.split('/').slice(1)) {
    const longer = `${kept}/${token}`;
    if (longer.length > POINTER_RECORDED_MAX || /\p{Cc}/u.test(token)) break;
    kept = longer;
  }
  return kept;
}

export function recordedProblem({ code, pointer, offset }: BodyProblem): BodyProblem {
  return {
    code,
    ...(pointer === undefined ? {} : { pointer: recordedPointer(pointer) }),
    ...(offset === undefined ? {} : { offset }),
  };
}
