import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { BodyFacts } from '../../../../src/core/contract/body_facts.ts';
import { requestFacts, requestFromFacts } from '../../../../src/core/request/facts.ts';
import { normalise } from '../../../../src/core/request/normalise.ts';

const HASH = `sha256:${'0'.repeat(64)}`;
const FOUND: BodyFacts = { state: 'complete', bytes: 5, format: 'json' };

function factsOf(body: BodyFacts) {
  const raw = {
    mode: 'explicit',
    method: 'POST',
    authority: 'api.example.com',
    path: '/',
    scheme: 'http',
  } as const;
  const normal = normalise({ ...raw, headers: [] }, { ports: [] });
  assert.ok(normal.ok, 'the request is a plain one');
  return requestFacts({ ...normal.value.request, body }, []);
}

it('reads back what was found in a body', () => {
  const bodies: readonly BodyFacts[] = [
    FOUND,
    { state: 'complete', bytes: 0, format: 'none' },
    { ...FOUND, schemas: [{ schema_hash: HASH, is_valid: true }] },
    { ...FOUND, format: 'other', problem: { code: 'BOM', offset: 0 } },
    { state: 'streamed', bytes: 0, format: 'json_lines' },
    { ...FOUND, ai: { kind: 'llm', provider: 'openai', endpoint: 'chat', tools: ['a'] } },
    { ...FOUND, ai: { kind: 'mcp', method: 'tools/call', target: 'a' } },
  ];
  for (const body of bodies) {
    const facts = factsOf(body);
    assert.equal(facts.body_state, body.state);
    assert.deepEqual(requestFromFacts(facts)?.body, body);
  }
});

it('believes no facts that contradict themselves', () => {
  const tried = { schema_hash: HASH, is_valid: true };
  const wrong: readonly BodyFacts[] = [
    { ...FOUND, format: 'none' },
    { ...FOUND, state: 'streamed' },
    { ...FOUND, problem: { code: 'BOM' }, schemas: [tried] },
    { ...FOUND, schemas: [tried, tried] },
    { ...FOUND, ai: { kind: 'unknown' } },
    { ...FOUND, ai: { kind: 'llm', provider: 'openai' } },
    { ...FOUND, ai: { kind: 'mcp', provider: 'openai' } },
    { ...FOUND, ai: { kind: 'a2a', unknown_reason: 'BATCH' } },
  ];
  for (const body of wrong) assert.equal(requestFromFacts(factsOf(body)), undefined, JSON.stringify(body));
  const facts = factsOf(FOUND);
  const { body: _body, ...without } = facts;
  for (const other of [
    without,
    { ...facts, body_state: 'streamed' as const },
    { ...facts, body_state: 'absent' as const },
    { ...facts, repaired_commitment: 'AA==' },
    { ...without, body_state: 'none' as const, body_commitment: 'AA==' },
    { ...facts, protocol: 'websocket' as const, method: 'GET' },
  ])
    assert.equal(requestFromFacts(other), undefined, JSON.stringify(other));
});
