import assert from 'node:assert/strict';
import { encodeQuery, parseAnswer } from '../../../src/bypass/dns_wire.ts';
import { answerMessage } from '../../../src/core/dns/answer.ts';
import { type Boundary, latin1 } from '../boundary.ts';

const HOST = 'api.example';
const ON_THE_WIRE = '\x03api\x07example\0';

function queryOf(name: string, type: number): Uint8Array {
  const query = encodeQuery(0x1234, name, type);
  assert.ok(query.ok, name);
  return query.value;
}

function withOpt(query: Uint8Array): Uint8Array {
  const opt = [0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 4, 0, 12, 0, 0];
  const bytes = Uint8Array.from([...query, ...opt]);
  bytes[11] = 1;
  return bytes;
}

/** Judge: the client's reader of answers, written apart, and a search for the name in the bytes that were sent. */
export function dns(): Boundary {
  const names = {
    mayReach: (host: string) => host === HOST,
    addressOf: (_host: string, family: 4 | 6) => new Uint8Array(family === 4 ? 4 : 16).fill(7),
  };
  const queries = [queryOf(HOST, 1), queryOf('API.example', 28), queryOf('x.example', 1), queryOf(HOST, 65)];
  return {
    name: 'dns',
    corpus: [...queries, ...queries.map(withOpt), new Uint8Array(12)],
    check(input) {
      const { answer, bytes } = answerMessage(input, names);
      assert.equal(bytes === undefined, answer === 'dropped');
      if (bytes === undefined) return false;
      assert.ok(bytes.length <= input.length + 40, 'an answer is hardly longer than its query');
      const parsed = parseAnswer(bytes);
      assert.ok(parsed.ok, 'the answer parses');
      assert.equal(parsed.value.id, Buffer.from(input).readUInt16BE(0));
      const addresses = parsed.value.records.filter(({ type }) => type === 1 || type === 28);
      assert.equal(addresses.length, answer === 'address' ? 1 : 0);
      if (answer !== 'address') return false;
      // From the header on: nothing stands before the question.
      assert.ok(latin1(input).slice(12).toLowerCase().startsWith(ON_THE_WIRE), 'that name was asked');
      return true;
    },
  };
}
