/** One line broken on purpose, and the test that must notice. */
export interface Sabotage {
  readonly name: string;
  /** The promise that falls. */
  readonly breaks: string;
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly test: { readonly file: string /** Regular expression. */; readonly name: string };
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'allow-by-default',
    breaks: 'the start value of a decision is deny',
    file: 'src/core/verdict/decide.ts',
    find: "return { verdict: { observed_by: [], ...notes, verdict: 'deny', reason }, demands: [] };",
    replace: "return { verdict: { observed_by: [], ...notes, verdict: 'allow', reason }, demands: [] };",
    test: { file: 'test/unit/core/verdict/decide.test.ts', name: 'charges nothing for a denial' },
  },
];
