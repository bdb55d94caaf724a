import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileCanonical, compilePolicy } from '../../../src/core/policy/compile.ts';
import type { PolicyDocument, TestRequest } from '../../../src/gen/policy_document.ts';
import { naiveLive } from '../../unit/core/policy/naive.ts';
import { principalOf, requestOf } from '../../unit/core/policy/sample.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

const SHIPPED = join(import.meta.dirname, '../../../policies');
const SMALL = `schema: clawgress/policy/v1
id: small
rules:
  - id: api
    match:
      destination: {hosts: [a.example, "*.b.example"], ports: [443, 80]}
      methods: [GET]
      path_prefixes: [/v1]
    action: allow
  - {id: no-admin, match: {path_prefixes: [/v1/admin]}, action: deny}
limits:
  - {id: each, per: agent, rps: 5, burst: 5}
`;
const TUNNELS = `schema: clawgress/policy/v1
id: tunnels
rules:
  - {id: in, tls: intercept, match: {destination: {hosts: ["*.example"]}, methods: [GET]}, action: allow}
  - {id: out, tls: passthrough, match: {destination: {hosts: [a.example]}, protocol: {kind: connect}}, action: allow}
  - {id: raw, match: {destination: {hosts: [b.example], ports: [22]}, protocol: {kind: tcp}}, action: allow}
  - {id: no, match: {path_prefixes: [/v2]}, action: deny}
`;
const STREAMS = `schema: clawgress/policy/v1
id: streams
rules:
  - {id: live, match: {destination: {hosts: [a.example]}, protocol: {kind: websocket}}, stream: {max_bytes: 9}, frames: block, action: allow}
  - {id: calls, match: {destination: {hosts: ["*.example"]}, protocol: {kind: grpc}}, stream: {max_seconds: 5}, action: allow}
  - {id: keyed, match: {agent: {auth_type: [jwt]}, destination: {any_host: true}}, action: allow}
  - {id: no, match: {destination: {ports: [22]}, protocol: {kind: http}}, action: deny}
`;
const ASKED: readonly TestRequest[] = [
  { url: 'http://a.example/v1/x' },
  { url: 'https://c.b.example/v1/admin' },
  { url: 'http://a.example/v2', method: 'POST' },
  { connect: 'a.example:443' },
  { connect: 'b.example:22' },
  { url: 'http://b.example/' },
  { url: 'http://a.example/v1/x', protocol: 'websocket' },
  { url: 'https://b.example/v1', protocol: 'grpc' },
  { connect: 'b.example:22', transparent: '198.18.0.7:22' },
  { connect: '192.0.2.7:22', transparent: '192.0.2.7:22' },
];

/** Judge: the naive evaluator over the document that was accepted; and the document comes back from its own bytes. */
export function policy(): Boundary {
  const shipped = ['baseline.yaml', 'starter.yaml'].map(
    (name) => new Uint8Array(readFileSync(join(SHIPPED, name))),
  );
  return {
    name: 'policy',
    corpus: [
      bytesOf(SMALL),
      bytesOf(TUNNELS),
      bytesOf(STREAMS),
      bytesOf(JSON.stringify({ schema: 'clawgress/policy/v1', id: 'j', rules: [] })),
      ...shipped,
    ],
    check(input) {
      const result = compilePolicy({ file: 'p.yaml', text: Buffer.from(input).toString('utf8') });
      if (!result.ok) {
        assert.ok(result.problem.every(({ line, message }) => line >= 1 && message.length > 0));
        return false;
      }
      const { policy: plan } = result.value;
      const again = compileCanonical(plan.canonical);
      assert.ok(again.ok && again.value.policy.policy_hash === plan.policy_hash);
      const document = JSON.parse(Buffer.from(plan.canonical).toString()) as PolicyDocument;
      if (document.schema !== 'clawgress/policy/v1') return true;
      for (const sample of ASKED) {
        const [request, who] = [requestOf(sample), principalOf()];
        const { verdict, reason, tunnel, stream } = plan.evaluate(request, who).live;
        const expected = naiveLive(document, request, who);
        assert.deepEqual([verdict, reason, tunnel], [expected.verdict, expected.reason, expected.tunnel]);
        assert.deepEqual(stream, expected.stream);
      }
      return true;
    },
  };
}
