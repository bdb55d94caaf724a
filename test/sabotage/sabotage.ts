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
