import type { Result } from '../core/result.ts';

/** `outdated`: of an earlier CA of ours. `foreign`: set by somebody else, and left alone. */
export type TrustState = 'installed' | 'absent' | 'outdated' | 'foreign';
export type TrustChange = 'changed' | 'unchanged';

/** A refusal: what was found, and what to do. */
export interface TrustProblem {
  readonly message: string;
  readonly next: string;
}

/** A place that keeps trust, and that we may write. Install and remove may be repeated; remove undoes install. */
export interface TrustPlace {
  /** A file or setting, for people. */
  readonly where: string;
  state(): TrustState;
  install(): Result<TrustChange, TrustProblem>;
  remove(): Result<TrustChange, TrustProblem>;
}

export interface ToolAnswer {
  /** null: it did not start, or was ended. */
  readonly code: number | null;
  readonly out: string;
}
/** Runs a program to its end. Arguments never hold a secret. */
export type RunTool = (program: string, args: readonly string[]) => ToolAnswer;

/** First line of what a tool printed, short enough for a message. */
export function firstLine(text: string): string {
  return (text.trim().split('\n')[0] ?? '').slice(0, 200);
}
