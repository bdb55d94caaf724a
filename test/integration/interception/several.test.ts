/** Promise: a tunnel belongs to its owner, not to the gateway that let it open. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../support/running.ts';
import { askHttp2, http2Session, type InterceptionWorld, NAME, startInterception } from './world.ts';

describe('intercepted tunnels with two gateways', { timeout: 540_000 }, () => {
  let world: InterceptionWorld;
  before(async () => {
    world = await startInterception('gateways: 2\n');
  });
  after(async () => await world?.close());

  it('are judged by either, and outlive the one that opened them', async () => {
    const { tls, receipt } = await world.handshake(0, { alpn: 'h2' });
    const session = http2Session(`${NAME}:${world.httpsPort}`, tls);
    for (let i = 0; i < 8; i += 1) assert.equal((await askHttp2(session, '/hello')).status, 200);
    const inside = world.records().filter((one) => one['parent_decision'] === receipt);
    const judges = new Set(inside.map((one) => one['gateway_id']));
    assert.deepEqual([...judges].sort(), ['gateway-1', 'gateway-2']);
    const number = String(world.decision(receipt)['gateway_id']).slice(-1);
    process.kill(world.running.childPid(`--number\0${number}`), 'SIGKILL');
    const answer = await eventually(async () => {
      const got = await askHttp2(session, '/hello');
      return got.status === 200 ? got : undefined;
    }, 'an answer of the other gateway');
    const { parent_decision } = world.decision(answer.headers['x-clawgress-receipt']);
    assert.equal(parent_decision, receipt);
    session.close();
    tls.destroy();
  });
});
