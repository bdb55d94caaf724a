import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRequest } from '../../../src/inspect/read_request.ts';
import { RPC_ID_MAX } from '../../../src/inspect/rpc_id.ts';
import { CHAT, deskOf, type JobParts, jobOf } from './inspect_world.ts';

const MCP = { host: 'tools.example.com', path: '/mcp' };
const A2A = { host: 'agent.example.com', path: '/a2a' };
const idOf = (message: object, parts: JobParts = { request: MCP }): unknown =>
  readRequest(jobOf(JSON.stringify(message), parts), deskOf()).rpc_id;

const call = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'search' } };

test('a cut answer can name the call: the id of MCP and A2A is handed out as it was sent', () => {
  assert.equal(idOf({ ...call, id: 7 }), 7);
  assert.equal(idOf({ ...call, id: 0 }), 0);
  assert.equal(idOf({ ...call, id: '7' }), '7');
  assert.equal(idOf({ ...call, id: '' }), '');
  const params = { message: { role: 'user', parts: [{ kind: 'text', text: 'hi' }] } };
  const send = { jsonrpc: '2.0', id: 'a-1', method: 'message/stream', params };
  assert.equal(idOf(send, { request: A2A }), 'a-1');
});

test('one record of lines is a call with its id, several have none', () => {
  const line = JSON.stringify({ ...call, id: 9 });
  const lines = (text: string): unknown =>
    readRequest(
      jobOf(text, { request: MCP, type: 'application/x-ndjson', demands: { format: 'any' } }),
      deskOf(),
    ).rpc_id;
  assert.equal(lines(`${line}\n`), 9);
  assert.equal(lines(`${line}\n${line}\n`), undefined);
});

test('nobody waits for an answer to a notification or an answer, and half an id names another call', () => {
  assert.equal(idOf({ jsonrpc: '2.0', method: 'notifications/initialized' }), undefined);
  assert.equal(idOf({ jsonrpc: '2.0', id: 3, result: {} }), undefined);
  assert.equal(idOf({ ...call, id: 'x'.repeat(RPC_ID_MAX) }), 'x'.repeat(RPC_ID_MAX));
  assert.equal(idOf({ ...call, id: 'x'.repeat(RPC_ID_MAX + 1) }), undefined);
  assert.equal(idOf({ ...call, id: 1.5 }), undefined);
  assert.equal(idOf({ ...call, id: null }), undefined);
  const chat = { model: 'gpt-4o', id: 5, messages: [{ role: 'user', content: 'hi' }] };
  assert.equal(idOf(chat, { request: CHAT }), undefined);
});
