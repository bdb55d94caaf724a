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
  {
    name: 'allow-beats-deny',
    breaks: 'deny wins over allow',
    file: 'src/core/policy/precedence.ts',
    find: "  { stand: 'denies', verdict: 'deny', reason: 'POLICY_DENY' },\n",
    replace: '',
    test: { file: 'test/unit/core/policy/evaluate_property.test.ts', name: 'agrees with an evaluator' },
  },
  {
    name: 'no-stamp',
    breaks: 'Envoy forwards only with the stamp of a recorded allow',
    file: 'src/intercept/config/http_connection.ts',
    find: '    stampGuard(input.stamp),\n',
    replace: '',
    test: {
      file: 'test/integration/intercept/fail_closed.test.ts',
      name: 'lets nothing through without the exact stamp',
    },
  },
  {
    name: 'no-strip',
    breaks: 'credentials and identity headers never reach a destination',
    file: 'src/intercept/config/http_connection.ts',
    find: '    egressStrip(),\n',
    replace: '',
    test: {
      file: 'test/integration/intercept/forwarding.test.ts',
      name: 'never reaches the Check or the upstream',
    },
  },
  {
    name: 'no-sync',
    breaks: 'an answered decision is on stable storage',
    file: 'src/recorder/journal.ts',
    find: '    disk.syncSoon((error) =>',
    replace: '    setImmediate((error = null) =>',
    test: { file: 'test/fault/recorder/power_cut.test.ts', name: 'nothing unsynced survived' },
  },
  {
    name: 'no-sync-traced',
    breaks: 'write, then sync, then answer, seen by the kernel',
    file: 'src/recorder/journal.ts',
    find: '    disk.syncSoon((error) =>',
    replace: '    setImmediate((error = null) =>',
    test: { file: 'test/fault/recorder/syscalls.test.ts', name: 'write, then sync, then answer' },
  },
  {
    name: 'early-acknowledgement',
    breaks: 'nobody is answered before the sync',
    file: 'src/recorder/commit_loop.ts',
    find: '    this.#fill(batch);\n',
    replace: '    this.#fill(batch);\n    batch.answer();\n',
    test: { file: 'test/fault/recorder/disk_failure.test.ts', name: 'a sync that fails with EIO' },
  },
  {
    name: 'no-deduplication',
    breaks: 'a retried Check gets the first answer and is not charged again',
    file: 'src/recorder/judge.ts',
    find: "  if (recall.kind === 'same') return ok(recall.result);\n",
    replace: '',
    test: { file: 'test/unit/recorder/recorder.test.ts', name: 'a retry gets the first result' },
  },
  {
    name: 'one-request-too-many',
    breaks: 'limits are exact',
    file: 'src/core/ledger/gcra.ts',
    find: 'const admitted = charged <= ceiling;',
    replace: 'const admitted = charged <= ceiling + op.period_us;',
    test: { file: 'test/unit/core/ledger/gcra.test.ts', name: 'agrees step by step with a BigInt GCRA' },
  },
  {
    name: 'signatures-unchecked',
    breaks: 'verify refuses a record that was changed after it was signed',
    file: 'src/core/verify/signed_line.ts',
    find: 'return crypto.verifyEd25519(publicKey32, preAuthEncoding(RECEIPT_PAYLOAD_TYPE, line.body), line.signature);',
    replace: 'return true;',
    test: { file: 'test/unit/core/verify/journal.test.ts', name: 'another signature of the same key' },
  },
  {
    name: 'chain-unchecked',
    breaks: 'verify refuses a removed or reordered record',
    file: 'src/core/verify/journal.ts',
    find: 'if (record.prev !== expected) this.report',
    replace: 'if (false) this.report',
    test: { file: 'test/unit/core/verify/journal.test.ts', name: 'a correctly signed record out of place' },
  },
  {
    name: 'early-acknowledgement-under-load',
    breaks: 'nothing reaches an upstream on the word of a write that failed',
    file: 'src/recorder/commit_loop.ts',
    find: '    this.#fill(batch);\n',
    replace: '    this.#fill(batch);\n    batch.answer();\n',
    test: { file: 'test/fault/system/disk.test.ts', name: 'write fails' },
  },
  {
    name: 'unclosed-after-envoy-died',
    breaks: 'an allow whose log line died with Envoy is closed as unknown',
    file: 'src/server/access_log.ts',
    find: '      await this.#options.sink.sweep(epoch.id);\n',
    replace: '',
    test: { file: 'test/fault/system/processes.test.ts', name: 'Envoy killed' },
  },
];
