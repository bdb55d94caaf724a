import assert from 'node:assert/strict';
import { EDIT_KINDS } from '../../../src/core/body/repair_edit.ts';
import { BODY } from '../../../src/core/receipt/body_fields.ts';
import { checkFields } from '../../../src/core/receipt/parse_record.ts';
import { required } from '../../../src/core/receipt/shape.ts';
import { readRequest } from '../../../src/inspect/read_request.ts';
import { CHAT, deskOf, hashOf, jobOf } from '../../unit/inspect/inspect_world.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

const CORPUS = [
  '{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],"stream":true}',
  '{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{"include_usage":false,"x":[1]},"max_tokens":9}',
  "```json\n{'model': 'o3', messages: [], tools: [{type: 'function', function: {name: 'f'}},],}\n```",
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search","arguments":{}}}',
  '{"model":"gpt-4o","messages":[],"stream":true,"stream_options":null}',
];
const FIELDS = { body: required('observed', BODY) };

/** Judge: every finding fits a record, and what goes on is JSON that the platform's parser reads and that asks for usage. */
export function inspectedRequest(): Boundary {
  const desk = deskOf({ a: { type: 'object', required: ['model'] } });
  const demands = { schemas: [hashOf('a')], repair: EDIT_KINDS, ask_usage: true, ai: true } as const;
  return {
    name: 'inspected_request',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      const { facts, replacement } = readRequest(jobOf(input, { request: CHAT, demands }), desk);
      assert.equal(checkFields(FIELDS, { body: facts }), undefined);
      assert.equal(facts.repair?.bytes, replacement?.length);
      if (facts.problem !== undefined || facts.format !== 'json') return false;
      const sent = JSON.parse(new TextDecoder().decode(replacement ?? input)) as Record<
        string,
        unknown
      > | null;
      assert.equal(
        facts.schemas?.[0]?.is_valid,
        typeof sent === 'object' && Object.hasOwn(sent ?? [], 'model'),
      );
      const isStream = facts.ai?.kind === 'llm' && facts.ai.stream === true;
      if (isStream) assert.match(JSON.stringify(sent?.['stream_options']), /"include_usage":true/);
      return true;
    },
  };
}
