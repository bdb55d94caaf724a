import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
// The client's side was written apart from the resolver's: it judges here.
import { encodeQuery, parseAnswer, RCODE } from '../../../../src/bypass/dns_wire.ts';
import { type Answered, answerMessage, type Names, TTL_S } from '../../../../src/core/dns/answer.ts';
import { QUERY_BYTES_MAX } from '../../../../src/core/dns/query.ts';

const ALLOWED = 'api.allowed.example';
const NAMES: Names = {
  mayReach: (host) => host === ALLOWED,
  addressOf: (_host, family) => (family === 4 ? Uint8Array.of(198, 18, 0, 7) : new Uint8Array(16).fill(0xfd)),
};
const ask = (message: Uint8Array): Answered => answerMessage(message, NAMES);

function query(name: string, type = 1, id = 0x1234): Uint8Array {
  const made = encodeQuery(id, name, type);
  assert.ok(made.ok, name);
  return made.value;
}

function changed(
  message: Uint8Array,
  ...edits: readonly (readonly [at: number, byte: number])[]
): Uint8Array {
  const copy = Uint8Array.from(message);
  for (const [at, byte] of edits) copy[at] = byte;
  return copy;
}

function rcodeOf({ bytes }: Answered): number | undefined {
  if (bytes === undefined) return undefined;
  const parsed = parseAnswer(bytes);
  assert.ok(parsed.ok, `our answer ${Buffer.from(bytes).toString('hex')} parses`);
  return parsed.value.rcode;
}

const opt = (version = 0, flags = 0, options: readonly number[] = []) =>
  Uint8Array.of(
    0,
    0,
    41,
    4,
    208,
    0,
    version,
    flags,
    0,
    options.length >> 8,
    options.length & 0xff,
    ...options,
  );
const withOpt = (message: Uint8Array, record = opt()) =>
  Uint8Array.from([...changed(message, [11, 1]), ...record]);

test('the name by which agents ask the gateway about themselves is never resolved', () => {
  const greedy = { ...NAMES, mayReach: () => true };
  for (const name of ['clawgress.internal', 'CLAWGRESS.Internal', 'a.clawgress.internal'])
    assert.equal(answerMessage(query(name), greedy).answer, 'no_name', name);
  assert.equal(answerMessage(query('notclawgress.internal'), greedy).answer, 'address');
});

test('an allowed name has one address of each family, and nothing else', () => {
  const four = ask(query(ALLOWED, 1));
  assert.equal(four.answer, 'address');
  const parsed = parseAnswer(four.bytes ?? new Uint8Array());
  assert.ok(parsed.ok, 'parses');
  assert.equal(parsed.value.id, 0x1234);
  assert.deepEqual(parsed.value.records, [
    { section: 'answer', type: 1, data: Uint8Array.of(198, 18, 0, 7) },
  ]);
  // The time to live, where RFC 1035 has it.
  const record = Buffer.from(four.bytes ?? []).subarray(query(ALLOWED).length);
  assert.equal(record.readUInt32BE(6), TTL_S);
  const six = parseAnswer(ask(query(ALLOWED, 28)).bytes ?? new Uint8Array());
  assert.deepEqual(six.ok && six.value.records, [
    { section: 'answer', type: 28, data: new Uint8Array(16).fill(0xfd) },
  ]);
  for (const type of [2, 5, 6, 12, 15, 16, 33, 64, 65, 255, 257, 65_535]) {
    const other = ask(query(ALLOWED, type));
    assert.deepEqual([other.answer, rcodeOf(other)], ['no_data', RCODE.noError], `type ${type}`);
    assert.equal(other.bytes?.length, query(ALLOWED, type).length, 'the question and nothing more');
  }
});

test('every other name is unknown, whatever is asked about it', () => {
  const names = ['other.example', 'allowed.example', `x.${ALLOWED}`, `${ALLOWED}.evil.example`, '127.0.0.1'];
  const spellings = ['0x7f.1', '7.0.18.198.in-addr.arpa', '_443._https.api.allowed.example', 'localhost'];
  for (const name of [...names, ...spellings])
    for (const type of [1, 28, 12, 16, 65, 255])
      assert.deepEqual(
        [ask(query(name, type)).answer, rcodeOf(ask(query(name, type)))],
        ['no_name', 3],
        name,
      );
  // The root, and a label that contains the dot of two.
  const root = Uint8Array.from([...query('a').subarray(0, 12), 0, 0, 1, 0, 1]);
  assert.equal(ask(root).answer, 'no_name');
  const dotted = query('api-allowed.example');
  assert.equal(ask(changed(dotted, [16, 0x2e])).answer, 'no_name');
});

test('all that is not allowed looks the same', () => {
  const policy = (allowed: string): Names => ({ ...NAMES, mayReach: (host) => host === allowed });
  const label = fc.stringMatching(/^[a-z0-9]{1,12}$/);
  fc.assert(
    fc.property(label, fc.constantFrom(1, 28, 16, 65), (name, type) => {
      const message = query(`${name}.denied.example`, type);
      const answers = ['a.example', 'denied.example', ALLOWED].map((host) =>
        answerMessage(message, policy(host)),
      );
      assert.deepEqual(answers[0], answers[1]);
      assert.deepEqual(answers[1], answers[2]);
    }),
  );
});

test('letters come back in the case in which they were sent', () => {
  const odd = 'aPi.AlLoWeD.eXaMpLe';
  const { answer, bytes } = ask(query(odd));
  assert.equal(answer, 'address');
  assert.ok(Buffer.from(bytes ?? []).includes(Buffer.from('AlLoWeD')), 'the question is repeated as it was');
});

test('EDNS is answered at its least', () => {
  const plain = ask(withOpt(query(ALLOWED), opt(0, 0x80, [0, 10, 0, 2, 1, 2])));
  assert.equal(plain.answer, 'address');
  const tail = Buffer.from(plain.bytes ?? []).subarray(-11);
  assert.deepEqual([...tail], [0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 0], 'no option, DO as it was sent');
  const later = ask(withOpt(query(ALLOWED), opt(1)));
  assert.deepEqual([later.answer, rcodeOf(later)], ['not_supported', 0]);
  assert.equal(
    Buffer.from(later.bytes ?? []).at(-6),
    1,
    'BADVERS is 16: its upper bits stand in the OPT record',
  );
  const without = Buffer.from(ask(query(ALLOWED)).bytes ?? []);
  assert.equal(without.readUInt16BE(10), 0, 'no OPT where none was sent');
});

test('what is no plain question is refused, and answers are not answered', () => {
  const good = query(ALLOWED);
  const end = good.length;
  const expected: Record<string, readonly [Answered['answer'], number | undefined, Uint8Array]> = {
    'an answer': ['dropped', undefined, changed(good, [2, 0x80])],
    'a cut header': ['dropped', undefined, good.slice(0, 11)],
    nothing: ['dropped', undefined, new Uint8Array()],
    'a header alone': ['malformed', 1, good.slice(0, 12)],
    notify: ['not_supported', 4, changed(good, [2, 0x20])],
    update: ['not_supported', 4, changed(good, [2, 0x28])],
    'a cut query': ['malformed', 1, changed(good, [2, 0x02])],
    'no question': ['malformed', 1, changed(good, [5, 0])],
    'two questions': ['malformed', 1, changed(good, [5, 2])],
    '65535 questions': ['malformed', 1, changed(good, [4, 255], [5, 255])],
    'a record for us': ['malformed', 1, changed(good, [7, 1])],
    'an authority': ['malformed', 1, changed(good, [9, 1])],
    'bytes behind the question': ['malformed', 1, Uint8Array.from([...good, 0])],
    'a missing class': ['malformed', 1, good.slice(0, end - 1)],
    'a pointer to itself': ['malformed', 1, changed(good, [12, 0xc0], [13, 12])],
    'a pointer to the header': ['malformed', 1, changed(good, [16, 0xc0], [17, 0])],
    'a label type of nobody': ['malformed', 1, changed(good, [12, 0x41])],
    'a label beyond the end': ['malformed', 1, changed(good, [12, 63])],
    'an announced OPT': ['malformed', 1, changed(good, [11, 1])],
    'two additional records': ['malformed', 1, changed(withOpt(good), [11, 2])],
    'an additional address': ['malformed', 1, changed(withOpt(good), [end + 2, 1])],
    'a named OPT': ['malformed', 1, changed(withOpt(good), [end, 1])],
    'an OPT cut off': ['malformed', 1, withOpt(good).slice(0, -1)],
    'an OPT that promises more': ['malformed', 1, changed(withOpt(good), [end + 10, 1])],
    'more than a query needs': ['malformed', 1, withOpt(good, opt(0, 0, new Array(QUERY_BYTES_MAX).fill(0)))],
    'class CH': ['refused', 5, changed(good, [end - 1, 3])],
    'class ANY': ['refused', 5, changed(good, [end - 1, 255])],
    'a transfer': ['refused', 5, query(ALLOWED, 252)],
    'an increment': ['refused', 5, query(ALLOWED, 251)],
  };
  for (const [what, [answer, rcode, message]] of Object.entries(expected)) {
    const answered = ask(message);
    assert.deepEqual([answered.answer, rcodeOf(answered)], [answer, rcode], what);
  }
  const long = new Array(127).fill('a').join('.');
  assert.equal(ask(query(long)).answer, 'no_name', '255 bytes on the wire fit');
  const longer = Uint8Array.from([...query(long).subarray(0, -5), 1, 0x61, 0, 0, 1, 0, 1]);
  assert.equal(ask(longer).answer, 'malformed', '257 do not');
});

test('any bytes at all: an answer of bounded size that names no address unless it was asked for', () => {
  const seed = fc.constantFrom(query(ALLOWED), query('x.example', 28), withOpt(query(ALLOWED)));
  const mutated = fc
    .tuple(seed, fc.array(fc.tuple(fc.nat(70), fc.nat(255)), { maxLength: 4 }))
    .map(([bytes, edits]) => changed(bytes, ...edits.filter(([at]) => at < bytes.length)));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 1_500 }), mutated), (message) => {
      const { answer, bytes } = ask(message);
      assert.equal(bytes === undefined, answer === 'dropped');
      if (bytes === undefined) return;
      assert.ok(bytes.length <= message.length + 40, 'nobody is sent much more than it sent');
      const parsed = parseAnswer(bytes);
      assert.ok(
        parsed.ok && parsed.value.id === (((message[0] ?? 0) << 8) | (message[1] ?? 0)),
        'the id is kept',
      );
      const asksByName = Buffer.from(message)
        .toString('latin1')
        .toLowerCase()
        .includes('\x03api\x07allowed\x07example\0');
      if (answer === 'address') assert.ok(asksByName, 'the allowed name stands in the query');
      assert.equal(
        parsed.value.records.length > 0 && parsed.value.records[0]?.type !== 41,
        answer === 'address',
      );
    }),
    { numRuns: 3_000 },
  );
});
