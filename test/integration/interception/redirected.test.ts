/**
 * Promise: a connection that the kernel brought here from an agent without a key is known by where it comes from, judged
 * like any other, and leaves a receipt that says both where it was dialled and by what its agent is known. The real CLI,
 * the real Envoy, in network namespaces with real redirection.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../support/running.ts';
import { missing, OWN_UID } from '../intercept/redirected/spaces.ts';
import { DIALLED, NAME, type RedirectedWorld, startRedirected, type Who } from './redirected_world.ts';

const why = missing();

describe('redirected connections, from the kernel to the journal', {
  timeout: 540_000,
  ...(why ? { skip: why } : {}),
}, () => {
  let world: RedirectedWorld;
  before(async () => {
    world = await startRedirected();
    for (const args of [
      ['bind', 'demo-agent', '--uid', String(OWN_UID)],
      ['bind', 'demo-limited', '--cidr', '10.93.0.0/24'],
      ['bind', 'demo-limited', '--cidr', 'fd93::/64'],
    ])
      assert.equal((await world.cli('agent', ...args)).code, 0, args.join(' '));
    await inForce('own', 200);
    await inForce('routed', 200);
  });
  after(async () => await world?.close());

  /** The registry is read again within a second. */
  const inForce = (who: Who, status: number) =>
    eventually(
      async () => ((await world.curl(who, `http://${NAME}/hello`)).status === status ? true : undefined),
      `${who} to get ${status}`,
    );
  const told = (receipt: unknown) => {
    const { verdict, reason, identity, request, source } = world.decision(receipt);
    return {
      ...{ verdict, reason, agent: identity?.agent_id, by: identity?.binding },
      ...{ mode: request?.mode, original: request?.original_destination, sni: request?.sni },
      client: String(source).replace(/:\d+$/, ''),
    };
  };
  const key = (index: number) => ['-H', `x-clawgress-key: ${world.running.agents[index]?.api_key}`];
  const SOURCE = { kind: 'source', source: `uid:${OWN_UID}` };

  for (const family of ['four', 'six'] as const) {
    it(`knows a user of this host by its listener (IPv${family === 'four' ? 4 : 6})`, async () => {
      const answer = await world.curl('own', `http://${NAME}/hello`, family === 'six' ? '-6' : '-4');
      assert.equal(answer.status, 200, answer.headers);
      assert.match(answer.body, /hello from the demo upstream/);
      const { client, ...rest } = told(answer.receipt);
      assert.ok(client.length > 0, 'the client has an address');
      assert.deepEqual(rest, {
        ...{ verdict: 'allow', reason: 'POLICY_ALLOW', agent: 'demo-agent', by: SOURCE, mode: 'transparent' },
        ...{ original: family === 'six' ? `[${DIALLED.six}]:80` : `${DIALLED.four}:80`, sni: undefined },
      });
    });

    it(`knows a machine behind this host by its network (IPv${family === 'four' ? 4 : 6})`, async () => {
      const answer = await world.curl('routed', `http://${NAME}/hello`, family === 'six' ? '-6' : '-4');
      assert.equal(answer.status, 200, answer.headers);
      const { agent, by, client } = told(answer.receipt);
      assert.equal(agent, 'demo-limited');
      assert.deepEqual(by, {
        kind: 'source',
        source: family === 'six' ? 'cidr:fd93::/64' : 'cidr:10.93.0.0/24',
      });
      assert.equal(client, family === 'six' ? 'fd93::2' : '10.93.0.2');
    });
  }

  it('opens TLS like that of a CONNECT, and judges each request inside', async () => {
    const answer = await world.curl('own', `https://${NAME}/hello`);
    assert.equal(answer.status, 200, answer.headers);
    const inner = world.decision(answer.receipt);
    assert.equal(inner['request'].mode, 'intercepted');
    assert.deepEqual(inner['identity'].binding, SOURCE);
    const { mode, original, sni, agent } = told(inner['parent_decision']);
    assert.deepEqual(
      { mode, original, sni, agent },
      { mode: 'transparent', original: `${DIALLED.four}:443`, sni: NAME, agent: 'demo-agent' },
    );
    assert.equal((await world.curl('own', `https://${NAME}/echo`)).status, 403);
    assert.equal((await world.curl('routed', `https://${NAME}/hello`)).status, 200);
  });

  it('asks for a header where nobody is known, and opens TLS to read it', async () => {
    for (const scheme of ['http', 'https']) {
      const nobody = await world.curl('shared', `${scheme}://${NAME}/hello`);
      assert.equal(nobody.status, 401, `${scheme} ${nobody.headers}`);
      assert.equal(told(nobody.receipt).reason, 'IDENTITY_MISSING');
      const known = await world.curl('shared', `${scheme}://${NAME}/hello`, ...key(0));
      assert.equal(known.status, 200, `${scheme} ${known.headers}`);
      const { agent, by, mode } = told(known.receipt);
      assert.deepEqual(
        [agent, (by as { kind?: string })?.kind, mode],
        ['demo-agent', 'api_key', 'transparent'],
      );
    }
  });

  it('refuses a key of another agent, and lets a rule ask for a key', async () => {
    const other = await world.curl('own', `http://${NAME}/hello`, ...key(1));
    assert.equal(other.status, 401);
    assert.deepEqual(
      [told(other.receipt).reason, told(other.receipt).agent],
      ['IDENTITY_CONFLICT', 'demo-agent'],
    );
    assert.equal((await world.curl('own', `http://${NAME}/slow`)).status, 403);
    assert.notEqual((await world.curl('own', `http://${NAME}/slow`, ...key(0))).status, 403);
  });

  it('takes no claim of a client for what the listener knows', async () => {
    const forged = [
      '-H',
      `x-cg-source-identity: uid:${OWN_UID}`,
      '-H',
      'x-cg-transport: tls',
      '-H',
      'x-cg-carries: http',
    ];
    const answer = await world.curl('shared', `http://${NAME}/hello`, ...forged, '-H', 'inner: true');
    assert.equal(answer.status, 401, answer.headers);
    assert.equal(told(answer.receipt).reason, 'IDENTITY_MISSING');
  });

  it('sends nothing to another port than was dialled, and nothing of an unknown protocol', async () => {
    const elsewhere = await world.curl('own', `http://${NAME}/hello`, '-4', '-H', `Host: ${NAME}:8080`);
    assert.equal(elsewhere.status, 421, elsewhere.headers);
    assert.equal(told(elsewhere.receipt).reason, 'ORIGINAL_PORT_MISMATCH');
    const script = `exec 3<>/dev/tcp/${DIALLED.four}/2222 && printf 'SSH-2.0-x\\r\\n' >&3 && timeout 20 cat <&3`;
    const { stdout } = await world.as('own', 'bash', '-c', script);
    assert.equal(stdout, '', 'a closed connection says nothing');
    const record = await world.decided(
      ({ request }) => request?.original_destination === `${DIALLED.four}:2222`,
    );
    assert.equal(record['verdict'], 'deny');
    assert.deepEqual([record['request'].protocol, record['request'].visibility], ['connect', 'authority']);
    assert.equal(record['identity'].agent_id, 'demo-agent');
  });

  it('refuses TLS without a name', async () => {
    const { stdout } = await world.as(
      ...([
        'own',
        'sh',
        '-c',
        `echo Q | timeout 20 openssl s_client -noservername -connect ${DIALLED.four}:443 2>&1`,
      ] as const),
    );
    assert.doesNotMatch(stdout, /BEGIN CERTIFICATE/);
    const record = await world.decided(({ reason }) => reason === 'TLS_NAME_MISSING');
    assert.equal(record['request'].original_destination, `${DIALLED.four}:443`);
  });

  it('tells of a client that does not trust our authority, and counts it where there is no CONNECT', async () => {
    const distrusting = async (who: Who) => {
      const roots = ['--cacert', '/etc/ssl/certs/ca-certificates.crt'];
      assert.equal((await world.curl(who, `https://${NAME}/hello`, ...roots)).status, 0);
    };
    await distrusting('own');
    const outcome = await eventually(
      () => world.records().find((one) => one['cause'] === 'tls_client_distrust'),
      'the outcome',
    );
    assert.equal(outcome['state'], 'not_sent');
    assert.equal(told(outcome['decision_ref']).mode, 'transparent');
    await distrusting('shared');
    const counted = () =>
      world
        .records()
        .filter((one) => one['lifecycle'] === 'gap')
        .flatMap((gap) => gap['counts'] as { cause: string; count: number }[])
        .filter(({ cause }) => cause.startsWith('tls_'));
    await eventually(() => (counted().length > 0 ? true : undefined), 'the gap record');
    assert.deepEqual(counted(), [{ cause: 'tls_client_distrust', count: 1 }]);
  });

  it('forgets a source at once', async () => {
    const standing = world.connected('own');
    assert.match(await standing.ask('/hello'), /^200 /);
    assert.equal((await world.cli('agent', 'unbind', 'demo-agent', '--uid', String(OWN_UID))).code, 0);
    await inForce('own', 401);
    const [status, receipt] = (await standing.ask('/hello')).split(' ');
    standing.close();
    assert.equal(status, '401', 'on the connection that stood, too');
    assert.deepEqual([told(receipt).reason, told(receipt).agent], ['IDENTITY_UNKNOWN', 'demo-agent']);
    assert.equal(
      (await world.curl('own', `https://${NAME}/hello`)).status,
      0,
      'TLS is not opened for nobody',
    );
    const record = await world.decided(
      ({ request, reason }) => request?.sni === NAME && reason === 'IDENTITY_MISSING',
    );
    assert.equal(record['identity'], undefined);
  });
});
