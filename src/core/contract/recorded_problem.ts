import { POINTER_RECORDED_MAX } from './body_facts.ts';

interface Problem<Code> {
  readonly code: Code;
  readonly pointer?: string;
  readonly offset?: number;
}

/** What was read would have had to wait, and nobody had room for it: no mistake of who sent it. */
export const NO_ROOM = 'NO_ROOM';

const PLAIN = /^[^\p{Cc}\p{Cs}]*$/u;

/** As records hold it. */
export function recordedProblem<Code>({ code, pointer, offset }: Problem<Code>): Problem<Code> {
  return {
    code,
    ...(pointer === undefined ? {} : { pointer: recordedPointer(pointer) }),
    ...(offset === undefined ? {} : { offset }),
  };
}

/** The nearest ancestor that a record can hold: short enough, and without controls. */
export function recordedPointer(pointer: string): string {
  let kept = '';
  for (const token of pointer.split('/').slice(1)) {
    const longer = `${kept}/${token}`;
    if (longer.length > POINTER_RECORDED_MAX || !PLAIN.test(token)) break;
    kept = longer;
  }
  return kept;
}
