/**
 * Promise: of 500 uploads of 16 MiB that come slowly and all at once, as many are held as `inspect.bytes_max` has room for;
 * the rest is told so, with a receipt; memory stays within what that means; everybody else is served meanwhile; and all
 * room is given back.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../support/running.ts';
import { throughProxy } from '../../support/through_proxy.ts';
import { startUpload, type Upload, type UploadTarget } from './upload.ts';
import { BODY_BYTES, largestBody, openUploads, residentBytes, type UploadWorld } from './world.ts';

const UPLOADS = 500;
const AGENTS = 5;
/** 512 MiB, of which an agent can have a quarter. */
const ROOM = 32;
const ROOM_OF_AGENT = 8;
const BEGINNING = 32_768;
const LAST = 1_024;
const TOGETHER = 4;
const MIB = 1_048_576;
/**
 * Envoy holds the bodies, and each once more while it is handed over. The gateway gets them one by one: each in its message
 * and once for the thread that reads it.
 */
const ENVOY_MIB_MAX = 1_024;
const GATEWAY_MIB_MAX = 1_024;

interface Watched {
  readonly most: { envoy: number; gateway: number };
  /** Statuses of ordinary requests. */
  readonly plain: number[];
  stop(): Promise<void>;
}

/** Looks at memory, and sends an ordinary request, again and again. */
function watch({ running, agents, authority }: UploadWorld): Watched {
  const [credential] = agents;
  const pids = { envoy: running.childPid('envoy.json'), gateway: running.childPid('gateway') };
  const most = { envoy: 0, gateway: 0 };
  const plain: number[] = [];
  let isOver = false;
  const turn = async () => {
    while (!isOver) {
      for (const name of ['envoy', 'gateway'] as const)
        most[name] = Math.max(most[name], residentBytes(pids[name]) / MIB);
      const call = { proxy: running.endpoints.explicit_proxy, url: `http://${authority}/plain` };
      const answer = await throughProxy({ ...call, ...(credential ? { credential } : {}) });
      plain.push(answer?.status ?? 0);
      await sleep(100);
    }
  };
  const turning = turn();
  return {
    ...{ most, plain },
    stop: async () => {
      isOver = true;
      await turning;
    },
  };
}

/** What the held ones have left, a few at a time, as slow clients come to their end. */
async function finish(uploads: readonly Upload[]): Promise<void> {
  for (let at = 0; at < uploads.length; at += TOGETHER) {
    await Promise.all(
      uploads.slice(at, at + TOGETHER).map(async (one) => {
        await one.sendUpTo(BODY_BYTES);
        await one.over;
      }),
    );
  }
}

const statuses = (uploads: readonly Upload[]) => uploads.map(({ answer }) => answer?.status ?? 0);

it('500 slow uploads at once', { timeout: 400_000 }, async (t) => {
  const world = await openUploads(AGENTS);
  const uploads: Upload[] = [];
  let watched: Watched | undefined;
  try {
    const target: UploadTarget = {
      proxy: new URL(world.running.endpoints.explicit_proxy),
      authority: world.authority,
      body: largestBody(),
    };
    await eventually(async () => {
      const [credential] = world.agents.slice(-1);
      const url = `http://${world.authority}/plain`;
      const call = { proxy: world.running.endpoints.explicit_proxy, url };
      const answer = await throughProxy({ ...call, ...(credential ? { credential } : {}) });
      return answer?.status === 200 ? true : undefined;
    }, 'the agents to be known');
    watched = watch(world);
    for (let i = 0; i < UPLOADS; i++) {
      const agent = world.agents[i % AGENTS];
      if (agent === undefined) throw new Error('no agent');
      const one = startUpload(target, agent);
      uploads.push(one);
      void one.sendUpTo(BEGINNING);
      if (i % 10 === 9) await sleep(20);
    }
    const told = () => uploads.filter(({ answer }) => answer !== undefined);
    await eventually(() => (told().length >= UPLOADS - ROOM ? true : undefined), 'who has no place', 90_000);
    await sleep(500);
    const refused = told();
    const held = uploads.filter(({ answer }) => answer === undefined);
    assert.deepEqual(
      new Set(refused.map(({ answer }) => `${answer?.status} ${answer?.code}`)),
      new Set(['503 INSPECT_BUSY']),
    );
    assert.equal(held.length, ROOM, 'as many as there is room for');
    for (const one of refused) one.close();
    for (const one of held) await one.sendUpTo(BODY_BYTES - LAST);
    await sleep(1_000);
    await finish(held);
    assert.deepEqual(
      statuses(held),
      Array.from({ length: ROOM }, () => 200),
    );
    assert.deepEqual(new Set(world.arrived), new Set([BODY_BYTES]));
    await again(world, target, uploads);
    await watched.stop();
    t.diagnostic(
      `${ROOM} held, ${refused.length} refused; at most ${Math.round(watched.most.envoy)} MiB in Envoy, ` +
        `${Math.round(watched.most.gateway)} MiB in the gateway; ${watched.plain.length} ordinary requests`,
    );
    assert.deepEqual(new Set(watched.plain), new Set([200]), 'everybody else is served');
    assert.ok(watched.most.envoy < ENVOY_MIB_MAX, `${watched.most.envoy} MiB in Envoy`);
    assert.ok(watched.most.gateway < GATEWAY_MIB_MAX, `${watched.most.gateway} MiB in the gateway`);
    await world.running.stop();
    recorded(world, refused);
  } finally {
    await watched?.stop();
    for (const one of uploads) one.close();
    await world.close();
  }
});

/** An agent has all of its room again. */
async function again({ agents }: UploadWorld, target: UploadTarget, uploads: Upload[]): Promise<void> {
  const [agent] = agents;
  if (agent === undefined) throw new Error('no agent');
  const more = Array.from({ length: ROOM_OF_AGENT }, () => startUpload(target, agent));
  uploads.push(...more);
  await Promise.all(more.map((one) => one.sendUpTo(BODY_BYTES - LAST)));
  await finish(more);
  assert.deepEqual(
    statuses(more),
    Array.from({ length: ROOM_OF_AGENT }, () => 200),
  );
}

/** Each refusal has a receipt of its own, or is counted. */
function recorded(world: UploadWorld, refused: readonly Upload[]): void {
  const records = world.records();
  const busy = records.filter(({ reason }) => reason === 'INSPECT_BUSY');
  const counted = records
    .filter(({ lifecycle }) => lifecycle === 'aggregate')
    .flatMap(({ counts }) => counts as { reason: string; count: number }[])
    .filter(({ reason }) => reason === 'INSPECT_BUSY')
    .reduce((sum, { count }) => sum + count, 0);
  assert.equal(busy.length + counted, refused.length);
  const ids = new Set(busy.map(({ receipt_id }) => receipt_id));
  const named = refused.flatMap(({ answer }) => (answer?.receipt === undefined ? [] : [answer.receipt]));
  assert.equal(named.length, busy.length);
  assert.ok(
    named.every((id) => ids.has(id)),
    'every receipt that was told is in the journal',
  );
}
