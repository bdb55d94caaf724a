/**
 * Promise: with the rules, the resolver and the listeners of the product together, a program that knows nothing of a
 * gateway works for what policy allows and gets nowhere else. The real CLI, Envoy and nftables in a namespace of its own.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../support/running.ts';
import { missing } from '../intercept/redirected/spaces.ts';
import { BOUND_UID, type HostWorld, NAME, OTHER_UID, startHost } from './host_world.ts';

const SETTINGS = `demo: { address: 127.0.0.1, http_port: 80, https_port: 443 }
transparent: { redirect_port: 15001, uid_listeners: ["${BOUND_UID}=15011"] }
resolver: { port: 15053 }
interception_host: { agent_uids: ["${BOUND_UID}-${OTHER_UID}"] }
`;
const POLICY = `schema: clawgress/policy/v1
id: host
rules:
  - id: plain
    match: {destination: {hosts: [${NAME}], ports: [80], schemes: [http]}, path_prefixes: [/hello], protocol: {kind: http}}
    action: allow
  - id: inside
    match: {destination: {hosts: [${NAME}], ports: [443], schemes: [https]}, path_prefixes: [/hello], protocol: {kind: http}}
    tls: intercept
    action: allow
`;
/** Prints status, receipt and body, or the kind of the error. */
const FETCH = `
import os, ssl, sys, urllib.error, urllib.request
context = ssl.create_default_context(cafile=os.environ['CA'])
headers = dict(one.split('=', 1) for one in sys.argv[2:])
try:
    answer = urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers=headers), timeout=60, context=context)
except urllib.error.HTTPError as error:
    answer = error
except Exception as error:
    print('error', repr(error))
    sys.exit(0)
print(answer.status, answer.headers.get('x-clawgress-receipt'), answer.read().decode())
`;
const LOOKUP = `
import socket, sys
for family in (socket.AF_INET, socket.AF_INET6):
    try:
        print(socket.getaddrinfo(sys.argv[1], 80, family, socket.SOCK_STREAM)[0][4][0])
    except socket.gaierror as error:
        print('error', error.errno)
`;

const why = missing();

describe('a host whose agents know of no gateway', {
  timeout: 540_000,
  ...(why ? { skip: why } : {}),
}, () => {
  let world: HostWorld;
  before(async () => {
    world = await startHost(SETTINGS, POLICY);
    for (const command of [
      ['agent', 'bind', 'demo-agent', '--uid', String(BOUND_UID)],
      ['intercept', 'nftables', 'apply'],
      ['intercept', 'nftables', 'confirm'],
    ]) {
      const { code, stdout, stderr } = await world.cli(...command);
      assert.equal(code, 0, `${command.join(' ')}: ${stdout}${stderr}`);
    }
  });
  after(async () => await world?.close());

  const fetch = async (uid: number, url: string, ...headers: readonly string[]) => {
    const { stdout, stderr } = await world.python(uid, FETCH, url, ...headers);
    const [, status = '', receipt = '', body = ''] = /^(\S+) (\S+) ?([\s\S]*)$/.exec(stdout) ?? [];
    return { status, receipt, body: body + stderr, text: stdout + stderr };
  };
  const decision = (receipt: string) =>
    world.records().find((one) => one['type'] === 'decision' && one['receipt_id'] === receipt) ?? {};

  it('resolves the names that a rule could allow, and no others', async () => {
    const { stdout } = await world.python(BOUND_UID, LOOKUP, NAME);
    const [four = '', six = ''] = stdout.trim().split('\n');
    assert.match(four, /^198\.1[89]\./);
    assert.match(six, /^fd63:6761:/);
    const other = await world.python(BOUND_UID, LOOKUP, 'elsewhere.example');
    assert.match(other.stdout, /^error .*\nerror /);
  });

  it('lets a program fetch what policy allows, as if nothing were in between', async () => {
    for (const scheme of ['http', 'https']) {
      const answer = await eventually(async () => {
        const got = await fetch(BOUND_UID, `${scheme}://${NAME}/hello`);
        return got.status === '200' ? got : undefined;
      }, `${scheme} to be allowed`);
      assert.match(answer.body, /hello from the demo upstream/);
      const { identity, request, parent_decision } = decision(answer.receipt);
      assert.deepEqual(identity.binding, { kind: 'source', source: `uid:${BOUND_UID}` });
      const outer = parent_decision === undefined ? request : decision(parent_decision)['request'];
      assert.match(outer.original_destination, /^(?:198\.1[89]\.|\[fd63:6761:)/);
    }
    assert.equal((await fetch(BOUND_UID, `http://${NAME}/echo`)).status, '403');
  });

  it('keeps another user out of its listener, and asks that one for a key', async () => {
    const nobody = await fetch(OTHER_UID, `http://${NAME}/hello`);
    assert.equal(nobody.status, '401', nobody.text);
    const key = world.running.agents[0]?.api_key;
    const known = await fetch(OTHER_UID, `http://${NAME}/hello`, `x-clawgress-key=${key}`);
    assert.equal(known.status, '200', known.text);
    const intruder = await fetch(OTHER_UID, 'http://127.0.0.1:15011/hello', `host=${NAME}`);
    assert.notEqual(intruder.status, '200', intruder.text);
    const direct = await fetch(BOUND_UID, 'http://127.0.0.1:15011/hello', `host=${NAME}`);
    assert.notEqual(direct.status, '200', direct.text);
  });

  it('refuses an address that policy does not name, with a receipt', async () => {
    const { status, receipt, text } = await fetch(BOUND_UID, 'http://10.95.0.9/hello');
    assert.equal(status, '403', text);
    assert.equal(decision(receipt)['request'].original_destination, '10.95.0.9:80');
  });

  it('is healthy in the eyes of the doctor', async () => {
    const { stdout } = await world.cli('doctor');
    for (const check of ['transparent', 'resolver', 'authority'])
      assert.match(stdout, new RegExp(`^ok +${check} `, 'm'), stdout);
  });
});
