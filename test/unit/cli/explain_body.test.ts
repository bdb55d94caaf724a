/** Promise: `policy explain --body` says of a body what the gateway would say, down to what it would reserve. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookInto, refuseBoth } from '../../../src/cli/explain_body.ts';
import { policyExplain } from '../../../src/cli/policy.ts';
import { priceList } from '../../../src/cli/price_list.ts';

const POLICY = `schema: clawgress/policy/v1
id: bodies
schemas:
  - id: refund.v1
    schema: {type: object, required: [amount], properties: {amount: {type: integer, maximum: 100}}}
rules:
  - id: refunds
    match: {destination: {hosts: [api.pay.example]}, path_prefixes: [/refunds]}
    action: allow
    request: {schema: refund.v1, repair: once, max_bytes: 100}
  - id: models
    match: {destination: {hosts: [llm.example]}, protocol: {kind: llm, providers: [openai], models: [gpt-4o]}}
    action: allow
limits:
  - {id: tokens, per: agent, tokens: 10000, window: {sliding: 1h}}
`;

function explain(url: string, body: string, contentType = 'application/json') {
  let out = '';
  const code = policyExplain(
    {
      ...{ file: 'bodies.yaml', json: false, all: false, agent: { agent_id: 'a1' } },
      request: { method: 'POST', url },
      look: ({ policy }) => lookInto({ bytes: Buffer.from(body), contentType }, policy, priceList()),
    },
    {
      out: (text) => {
        out += text;
      },
      err: (text) => assert.fail(text),
      readFile: () => POLICY,
      listFolder: () => ['bodies.yaml'],
      nowMs: () => 0,
    },
  );
  return { code, out };
}

const REFUNDS = 'https://api.pay.example/refunds';

test('a body that fits is allowed, one that does not is denied with the place', () => {
  const fits = explain(REFUNDS, '{"amount": 7}');
  assert.equal(fits.code, 0);
  assert.match(fits.out, /^allow POLICY_ALLOW by rule refunds/);
  assert.match(fits.out, /^ {2}body: json, 13 bytes/m);
  const breaks = explain(REFUNDS, '{"amount": 700}');
  assert.equal(breaks.code, 1);
  assert.match(breaks.out, /^deny SCHEMA_INVALID by rule refunds/);
  assert.match(breaks.out, /broken at \/amount \(maximum\)/);
});

test('repair, bounds, duplicates and types are those of the gateway', () => {
  assert.match(explain(REFUNDS, '{amount: 7,}').out, /^allow [\s\S]*repaired: 2 edits/);
  assert.match(explain(REFUNDS, '{"amount":7,"amount":8}').out, /^deny BODY_INVALID [\s\S]*DUPLICATE_KEY/);
  assert.match(explain(REFUNDS, ' '.repeat(101)).out, /^deny BODY_TOO_LARGE /);
  assert.match(explain(REFUNDS, '{"amount":7}', 'text/plain').out, /^deny BODY_TYPE_REFUSED /);
});

test('a call of a model is understood, and what it reserves is told', () => {
  const chat = (model: string) =>
    JSON.stringify({ model, max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] });
  const url = 'https://llm.example/v1/chat/completions';
  const allowed = explain(url, chat('gpt-4o'));
  assert.match(allowed.out, /^allow POLICY_ALLOW by rule models/);
  assert.match(allowed.out, /AI: llm openai chat gpt-4o/);
  const reserved = /tokens\/tokens: reserves (\d+) of 10000/.exec(allowed.out)?.[1];
  assert.ok(Number(reserved) > 100, 'less than the output alone is reserved');
  assert.match(explain(url, chat('o3')).out, /^deny POLICY_NO_MATCH/);
});

test('a body beside words about one is refused', () => {
  assert.throws(() => refuseBoth('body.json', true), /beside/);
  assert.doesNotThrow(() => refuseBoth('body.json', false));
});
