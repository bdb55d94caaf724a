import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAgentAnswer, readAgentCard } from '../../../../src/core/ai/agent_answer.ts';

const answer = (more: object) => readAgentAnswer({ jsonrpc: '2.0', id: 1, ...more });

test('answers of MCP', () => {
  const tools = [{ name: 'a', inputSchema: {} }, { name: 'b' }];
  assert.deepEqual(answer({ result: { resultType: 'complete', tools, ttlMs: 1 } }), {
    kind: 'result',
    id: 1,
    result_type: 'complete',
    tools: ['a', 'b'],
  });
  assert.deepEqual(answer({ result: { content: [], isError: true } }), {
    kind: 'result',
    id: 1,
    is_tool_error: true,
  });
  assert.deepEqual(answer({ error: { code: -32020, message: 'Header mismatch' } }), {
    kind: 'error',
    id: 1,
    error_code: -32020,
  });
  assert.deepEqual(readAgentAnswer({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'x' } }), {
    kind: 'error',
    error_code: -32700,
  });
  assert.deepEqual(answer({ method: 'sampling/createMessage', params: {} }), {
    kind: 'request',
    id: 1,
    method: 'sampling/createMessage',
  });
  assert.deepEqual(readAgentAnswer({ jsonrpc: '2.0', method: 'notifications/progress', params: {} }), {
    kind: 'notification',
    method: 'notifications/progress',
  });
});

test('answers of A2A, of revision 1.0 and before', () => {
  for (const result of [
    { task: { id: 't', status: { state: 'TASK_STATE_WORKING' } } },
    { statusUpdate: { taskId: 't', status: { state: 'TASK_STATE_WORKING' } } },
    { kind: 'status-update', taskId: 't', status: { state: 'TASK_STATE_WORKING' } },
  ])
    assert.deepEqual(answer({ result }), { kind: 'result', id: 1, task_state: 'TASK_STATE_WORKING' });
  assert.deepEqual(answer({ result: { message: { parts: [] } } }), { kind: 'result', id: 1 });
});

test('what is no one answer is unknown', () => {
  for (const value of [null, 1, {}, [{ jsonrpc: '2.0', id: 1, result: {} }], { jsonrpc: '2.0', id: 1 }])
    assert.equal(readAgentAnswer(value).kind, 'unknown', JSON.stringify(value));
  for (const more of [
    { result: {}, error: { code: 1 } },
    { result: [] },
    { result: { tools: {} } },
    { result: { tools: [{ title: 'a' }] } },
    { Result: {}, result: {} },
  ])
    assert.equal(answer(more).kind, 'unknown', JSON.stringify(more));
});

test('agent cards of revision 1.0 and of 0.3', () => {
  const skills = [{ id: 's1', name: 'S', description: '', tags: [] }];
  const supportedInterfaces = [
    { url: 'https://a.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: 'https://b.example', protocolBinding: 'HTTP+JSON', protocolVersion: '0.3' },
  ];
  assert.deepEqual(
    readAgentCard({ name: 'A', supportedInterfaces, skills, signatures: [{ protected: 'x' }] }),
    {
      name: 'A',
      urls: ['https://a.example/rpc', 'https://b.example'],
      protocol_versions: ['1.0', '0.3'],
      skills: ['s1'],
      signatures: 1,
    },
  );
  const old = { name: 'A', url: 'https://a.example', protocolVersion: '0.3.0', skills };
  const additionalInterfaces = [
    { url: 'https://a.example', transport: 'JSONRPC' },
    { url: 'https://c.example' },
  ];
  assert.deepEqual(readAgentCard({ ...old, additionalInterfaces }), {
    name: 'A',
    urls: ['https://a.example', 'https://c.example'],
    protocol_versions: ['0.3.0'],
    skills: ['s1'],
    signatures: 0,
  });
  for (const bad of [
    null,
    [],
    { name: 'A' },
    { ...old, skills: [{}] },
    { ...old, additionalInterfaces: [{}] },
  ])
    assert.equal((readAgentCard(bad) as { kind?: string }).kind, 'unknown', JSON.stringify(bad));
});
