/**
 * Promise: a tunnel that a rule intercepts carries only requests that were judged one by one, as its owner is known at
 * that moment, and each leaves a receipt that names the CONNECT. The real CLI, the real Envoy, real clients.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import { eventually } from '../../support/running.ts';
import { askHttp1 } from '../intercept/in_tunnel.ts';
import {
  askHttp2,
  http2Session,
  type InterceptionWorld,
  NAME,
  OPAQUE,
  SECOND,
  startInterception,
} from './world.ts';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../../../bin/clawgress', import.meta.url));

describe('intercepted tunnels, from the command line to the journal', { timeout: 540_000 }, () => {
  let world: InterceptionWorld;
  let authority = '';
  before(async () => {
    world = await startInterception();
    authority = `${NAME}:${world.httpsPort}`;
  });
  after(async () => await world?.close());

  const cli = async (...args: string[]) =>
    await run(CLI, [...args]).then(
      ({ stdout }) => stdout,
      (error: { stdout?: string; stderr?: string }) =>
        assert.fail(`${args.join(' ')}: ${error.stdout}${error.stderr}`),
    );
  const inState = (...args: string[]) =>
    cli(
      ...args,
      '--state-dir',
      world.running.stateDir,
      '--config',
      join(world.running.stateDir, 'clawgress.yaml'),
    );
  /** Inside a record: what matters of a judged request. */
  const told = (receipt: unknown) => {
    const { verdict, reason, rule_id, parent_decision, request, identity } = world.decision(receipt);
    return {
      verdict,
      reason,
      rule_id,
      parent_decision,
      mode: request?.mode,
      sni: request?.sni,
      agent: identity?.agent_id,
    };
  };

  for (const alpn of ['http/1.1', 'h2'] as const) {
    it(`judges each request inside by its path (${alpn})`, async () => {
      const { tls, receipt } = await world.handshake(0, { alpn });
      assert.equal(tls.alpnProtocol, alpn);
      const session = alpn === 'h2' ? http2Session(authority, tls) : undefined;
      const first = session
        ? await askHttp2(session, '/hello')
        : await askHttp1(tls, authority, { path: '/hello', headers: { connection: 'keep-alive' } });
      assert.equal(first.status, 200, first.body);
      assert.match(first.body, /hello from the demo upstream/);
      assert.deepEqual(told(first.headers['x-clawgress-receipt']), {
        verdict: 'allow',
        reason: 'POLICY_ALLOW',
        rule_id: 'inside',
        parent_decision: receipt,
        mode: 'intercepted',
        sni: NAME,
        agent: 'demo-agent',
      });
      const again = alpn === 'h2' ? undefined : (await world.handshake(0, { alpn })).tls;
      const second = session
        ? await askHttp2(session, '/echo')
        : await askHttp1(again ?? tls, authority, { path: '/echo' });
      assert.equal(second.status, 403);
      assert.equal(JSON.parse(second.body).code, 'POLICY_NO_MATCH');
      assert.equal(told(second.headers['x-clawgress-receipt']).verdict, 'deny');
      session?.close();
      for (const one of [tls, again]) one?.destroy();
      const connect = world.decision(receipt);
      assert.equal(connect['request'].tls, 'intercept');
      assert.equal(connect['request'].visibility, 'authority');
      assert.equal((await world.outcome(receipt))['state'], 'completed');
      assert.equal(
        (await world.outcome(first.headers['x-clawgress-receipt']))['upstream_address'],
        `127.0.0.1:${world.httpsPort}`,
      );
    });
  }

  it('hands no credential of ours to the destination, and takes only the owner’s', async () => {
    const [own, other] = world.running.agents;
    const ask = async (key: string | undefined) => {
      const { tls } = await world.handshake(0);
      const headers = {
        authorization: 'Bearer theirs',
        'x-clawgress-key': key ?? '',
        'x-cg-tunnel': 'x',
        'x-cg-tunnel-mode': 'raw',
      };
      const answer = await askHttp1(tls, authority, { path: '/json', headers, body: Buffer.from('{}') });
      tls.destroy();
      return answer;
    };
    const same = await ask(own?.api_key);
    assert.equal(same.status, 200, same.body);
    const seen = JSON.parse(same.body).headers as Record<string, string>;
    assert.equal(seen['authorization'], 'Bearer theirs');
    assert.deepEqual(
      Object.keys(seen).filter((name) => /^(x-clawgress|x-cg|x-envoy|proxy-)/.test(name)),
      [],
    );
    const conflict = await ask(other?.api_key);
    assert.equal(conflict.status, 401);
    assert.equal(JSON.parse(conflict.body).code, 'IDENTITY_CONFLICT');
    assert.equal(told(conflict.headers['x-clawgress-receipt']).agent, 'demo-agent');
  });

  it('opens nothing for nobody', async () => {
    const { status, socket } = await world.enter(undefined);
    assert.equal(status, 407);
    assert.equal(socket, undefined);
  });

  it('refuses a handshake for a name that no rule intercepts', async () => {
    await assert.rejects(world.handshake(0, { sni: 'elsewhere.example' }));
    const metrics = await (await fetch(world.running.endpoints.metrics)).text();
    assert.match(metrics, /^clawgress_leaves_total\{event="refused"\} [1-9]/m);
  });

  describe('says in the receipt of the CONNECT, and to the operator, why nothing was asked inside:', () => {
    const programs = async (file: string, ...args: string[]) =>
      await run(file, args, { timeout: 60_000 }).catch((error: { stdout: string; stderr: string }) => error);
    /** The outcome of the CONNECT that `act` sends, and what the operator reads. */
    async function toldOf(act: () => Promise<unknown>): Promise<{ outcome: NaiveRecord; why: string }> {
      const connects = () =>
        world.records().filter((one) => one['type'] === 'decision' && one['request']?.tls === 'intercept');
      const before = connects().length;
      await act();
      const [connect] = await eventually(() => {
        const fresh = connects().slice(before);
        return fresh.length > 0 ? fresh : undefined;
      }, 'the decision');
      const outcome = await world.outcome(connect?.['receipt_id']);
      return { outcome, why: await inState('receipts', 'why', String(connect?.['receipt_id'])) };
    }
    const proxy = () => new URL(world.running.endpoints.explicit_proxy).host;
    const agent = () => world.running.agents[0] ?? assert.fail('no agent');

    it('a name without a certificate', async () => {
      const { outcome, why } = await toldOf(async () => {
        const who = ['-proxy_user', agent().agent_id, '-proxy_pass', `pass:${agent().api_key}`];
        const name = ['-connect', authority, '-servername', 'elsewhere.example'];
        await programs(
          'sh',
          '-c',
          'echo Q | openssl s_client "$@"',
          'sh',
          '-proxy',
          proxy(),
          ...who,
          ...name,
        );
      });
      assert.deepEqual([outcome['cause'], outcome['state']], ['tls_name_refused', 'not_sent']);
      assert.match(why, /no certificate for the name/);
      assert.match(why, /next +Only a name that some rule intercepts/);
    });

    for (const version of ['1.2', '1.3'])
      it(`a client that does not trust our authority, TLS ${version}`, async () => {
        const { outcome, why } = await toldOf(async () => {
          const user = `${agent().agent_id}:${agent().api_key}`;
          const way = ['-x', `http://${proxy()}`, '-U', user, `--tlsv${version}`, '--tls-max', version];
          // The system's roots, and no variable that names others.
          const { stderr } = await programs(
            'env',
            '-i',
            `PATH=${process.env['PATH']}`,
            'curl',
            '-sS',
            ...way,
            `https://${authority}/hello`,
          );
          assert.match(stderr, /SSL certificate problem/);
        });
        assert.deepEqual([outcome['cause'], outcome['state']], ['tls_client_distrust', 'not_sent']);
        assert.match(why, /broke off when it was shown our certificate/);
        assert.match(why, /next +.*clawgress trust install.*docs\/clients\.md/);
      });

    it('bytes that are no TLS', async () => {
      const { outcome, why } = await toldOf(async () => {
        const { socket = assert.fail('no tunnel') } = await world.enter(0);
        socket.on('error', () => undefined).resume();
        socket.write('SSH-2.0-x\r\n');
        await new Promise((resolve) => socket.once('close', resolve));
      });
      assert.deepEqual([outcome['cause'], outcome['state']], ['tls_missing', 'not_sent']);
      assert.match(why, /no TLS came in the tunnel/);
      assert.match(why, /next +.*protocol kind tcp/);
    });
  });

  it('denies a request whose names disagree', async () => {
    const { tls, receipt } = await world.handshake(0);
    const host = await askHttp1(tls, `${SECOND}:${world.httpsPort}`, { path: '/hello' });
    tls.destroy();
    const other = await world.handshake(0, { host: SECOND, sni: NAME });
    const sni = await askHttp1(other.tls, `${SECOND}:${world.httpsPort}`, { path: '/hello' });
    other.tls.destroy();
    for (const answer of [host, sni]) {
      assert.equal(answer.status, 421);
      assert.equal(JSON.parse(answer.body).code, 'TLS_NAME_MISMATCH');
    }
    assert.equal(told(host.headers['x-clawgress-receipt']).parent_decision, receipt);
  });

  it('charges limits for the requests inside, not for the tunnel', async () => {
    const { tls } = await world.handshake(1, { alpn: 'h2' });
    const session = http2Session(authority, tls);
    const codes: number[] = [];
    for (let i = 0; i < 5; i += 1) codes.push((await askHttp2(session, '/hello')).status);
    session.close();
    tls.destroy();
    assert.deepEqual(codes, [200, 200, 200, 429, 429]);
  });

  it('closes an opaque tunnel whose TLS is for another name, and says so in its receipt', async () => {
    const options = { host: OPAQUE, anyName: true } as const;
    const { tls, receipt } = await world.handshake(0, options);
    assert.equal((await askHttp1(tls, `${OPAQUE}:${world.httpsPort}`, { path: '/echo' })).status, 200);
    tls.destroy();
    const passed = await world.outcome(receipt);
    assert.equal(passed['state'], 'completed');
    assert.equal(passed['upstream_address'], `127.0.0.1:${world.httpsPort}`);
    assert.equal(world.decision(receipt)['request'].tls, 'passthrough');
    const refused = await world
      .handshake(0, { ...options, sni: NAME })
      .catch((error: { receipt?: unknown }) => error);
    const closed = await world.outcome(refused.receipt);
    assert.equal(closed['cause'], 'sni_mismatch');
    assert.equal(closed['state'], 'not_sent');
    assert.match(await inState('receipts', 'why', String(refused.receipt)), /TLS named another host/);
  });

  it('serves curl, Node and Python', async () => {
    const { stateDir, endpoints, agents } = world.running;
    const url = `https://${authority}/hello`;
    const { stdout } = await run('curl', ['-s', '-K', join(stateDir, 'run', 'demo-agent.curl'), url]);
    assert.match(stdout, /hello from the demo upstream/);
    const [agent] = agents;
    assert.ok(agent, 'a demo agent');
    const proxy = endpoints.explicit_proxy.replace('//', `//${agent.agent_id}:${agent.api_key}@`);
    const env = {
      ...process.env,
      https_proxy: proxy,
      no_proxy: '',
      NO_PROXY: '',
      SSL_CERT_FILE: endpoints.ca_bundle,
      PROBE: url,
    };
    const program =
      'import os, urllib.request; print(urllib.request.urlopen(os.environ["PROBE"], timeout=20).read().decode())';
    const python = await run('python3', ['-c', program], { env });
    assert.match(python.stdout, /hello from the demo upstream/);
    const { tls } = await world.handshake(0);
    assert.equal((await askHttp1(tls, authority, { path: '/hello' })).status, 200);
    tls.destroy();
  });

  it('stops a tunnel’s requests the moment its agent is disabled', async () => {
    const { tls, receipt } = await world.handshake(0, { alpn: 'h2' });
    const session = http2Session(authority, tls);
    assert.equal((await askHttp2(session, '/hello')).status, 200);
    await inState('agent', 'disable', 'demo-agent');
    const denied = await eventually(async () => {
      const answer = await askHttp2(session, '/hello');
      return answer.status === 200 ? undefined : answer;
    }, 'a denial');
    await inState('agent', 'enable', 'demo-agent');
    assert.equal(denied.status, 401);
    assert.equal(JSON.parse(denied.body).code, 'IDENTITY_DISABLED');
    const { parent_decision, agent, reason } = told(denied.headers['x-clawgress-receipt']);
    assert.deepEqual(
      { parent_decision, agent, reason },
      { parent_decision: receipt, agent: 'demo-agent', reason: 'IDENTITY_DISABLED' },
    );
    await eventually(
      async () => ((await askHttp2(session, '/hello')).status === 200 ? true : undefined),
      'an allow',
    );
    session.close();
    tls.destroy();
  });

  it('leaves evidence that verifies and replays', async () => {
    const zip = join(world.running.stateDir, 'evidence.zip');
    await inState('export', '-o', zip);
    assert.match(await cli('replay', zip), / 0 differences/);
    await cli('verify', zip, '--trust', world.running.endpoints.public_keys);
    const inside = world.records().filter((one) => one['request']?.mode === 'intercepted');
    assert.ok(inside.length > 10, 'requests inside were recorded');
    for (const one of inside) {
      const parent = world.decision(one['parent_decision']);
      assert.equal(parent['verdict'], 'allow');
      assert.equal(parent['request'].tls, 'intercept');
      assert.equal(parent['identity'].agent_id, one['identity'].agent_id);
      const clientOf = ({ source }: NaiveRecord) => String(source).replace(/:\d+$/, '');
      assert.equal(clientOf(one), clientOf(parent), 'the client, not a listener inside');
      assert.notEqual(one['request_id'], parent['request_id']);
    }
    assert.ok(readdirSync(join(world.running.stateDir, 'ca')).includes('root.key'), 'the authority is kept');
  });
});
