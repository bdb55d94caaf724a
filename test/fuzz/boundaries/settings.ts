import assert from 'node:assert/strict';
import { readDocument } from '../../../src/config/document.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

const CORPUS = [
  'state_dir: ./state\nexplicit_proxy:\n  port: 3128\n  address: 127.0.0.1\nlog_level: info\n',
  'jwt_issuers:\n  - issuer: https://idp.example\n    audiences: [a]\n    algorithms: [ES256]\n    jwks: https://idp.example/jwks\n    allowed_agents: [bot]\n',
  'upstream:\n  allow_cidrs: [10.0.0.0/8, "fd00::/8"]\ncheck_timeout_ms: 2000\n',
  'unknown: 1\n',
  '',
];

/** Judge: either values or problems with a place and a sentence; a value is never a second reading of a refused file. */
export function settings(): Boundary {
  return {
    name: 'settings',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      const { values, problems } = readDocument('clawgress.yaml', Buffer.from(input).toString('utf8'));
      for (const problem of problems)
        assert.match(
          formatProblem(problem),
          /^clawgress\.yaml(:\d+:\d+)?:[\s\S]* found [\s\S]+; allowed: [\s\S]+/,
        );
      if (problems.length > 0) return false;
      for (const value of values.values()) assert.ok(value !== undefined && value !== null);
      return true;
    },
  };
}
