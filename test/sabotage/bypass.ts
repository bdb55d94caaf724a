import type { Sabotage } from './sabotage.ts';

/** Promises of the bypass probe: what it calls held is held, what it calls a leak has leaked. */
export const BYPASS: readonly Sabotage[] = [
  {
    name: 'silence-is-held',
    breaks: 'without a control run silence proves nothing',
    file: 'src/bypass/judge.ts',
    find: "return unless('sent, no answer', 'dropped, or nobody there');",
    replace: "return by('held', 'sent, no answer');",
    test: { file: 'test/unit/bypass/judge.test.ts', name: 'what a direct try proves' },
  },
  {
    name: 'believe-the-report',
    breaks: 'what arrived at the target has leaked, whatever the report says',
    file: 'src/bypass/arrivals.ts',
    find: "if (arrival === undefined || finding.verdict === 'leaked') return finding;",
    replace: 'if (arrival === undefined || finding.probe) return finding;',
    test: { file: 'test/unit/bypass/report.test.ts', name: 'what arrived has leaked' },
  },
  {
    name: 'any-mark-will-do',
    breaks: 'only the exact mark counts as a refusal of the gateway',
    file: 'src/bypass/http_wire.ts',
    find: 'return /^clawgress; error=',
    replace: 'return /; error=',
    test: { file: 'test/unit/bypass/wire.test.ts', name: 'only the exact mark' },
  },
  {
    name: 'echo-is-proof',
    breaks: 'a leak is proven by an answer that only the target can write',
    file: 'src/bypass/token.ts',
    find: 'find(([, proof]) => proof === wanted)',
    replace: 'find(([, proof]) => proof !== undefined)',
    test: { file: 'test/unit/bypass/wire.test.ts', name: 'a token is found wherever it travels' },
  },
  {
    name: 'sent-on-is-held',
    breaks: 'a request that the gateway sent on has leaked, even when nobody answered it',
    file: 'src/bypass/judge.ts',
    find: 'const SENT_ON = /^UPSTREAM_/;',
    replace: 'const SENT_ON = /^NEVER$/;',
    test: { file: 'test/unit/bypass/judge.test.ts', name: 'what a try through the gateway proves' },
  },
];
