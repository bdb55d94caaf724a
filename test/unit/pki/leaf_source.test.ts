import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fail, ok, type Result } from '../../../src/core/result.ts';
import type { Leaf } from '../../../src/pki/leaf.ts';
import { type LeafSourceOptions, openLeafSource } from '../../../src/pki/leaf_source.ts';
import type { Minter, MintProblem } from '../../../src/pki/minter.ts';
import type { Authority } from '../../../src/pki/signer.ts';
import { ownRoot } from '../../support/authority.ts';

// What is tested lets the process end while it waits.
const awake = setInterval(() => undefined, 1_000);
after(() => clearInterval(awake));

const LIFE_MS = 1_000;

/** Everything around the source, held still. */
function world(first: Authority | undefined, extra: Partial<LeafSourceOptions> = {}) {
  const state = {
    now: 0,
    authority: first,
    allowed: (_host: string): boolean => true,
    down: false,
    minted: [] as string[],
    signers: [] as (Authority | undefined)[],
    trouble: 0,
  };
  const minter: Minter = {
    use: (authority) => void state.signers.push(authority),
    async mint({ host, isAddress }, now_ms): Promise<Result<Leaf, MintProblem>> {
      state.minted.push(isAddress ? `${host} (address)` : host);
      if (state.down) return fail('MINTER_DOWN');
      return ok({
        cert_chain_pem: `${host} ${state.minted.length}`,
        private_key_pem: '',
        expires_ms: now_ms + LIFE_MS,
      });
    },
    close: async () => undefined,
  };
  const source = openLeafSource({
    authorities: {
      signing: () =>
        state.authority === undefined
          ? undefined
          : { ...state.authority, fingerprint: state.authority.keyPem },
    },
    minter,
    mayIntercept: (host) => state.allowed(host),
    cacheMax: 2,
    nowMs: () => state.now,
    pollMs: 1,
    on: { trouble: () => (state.trouble += 1) },
    ...extra,
  });
  return { state, source };
}

async function chainOf(source: ReturnType<typeof openLeafSource>, name: string): Promise<string> {
  const answer = await source.secretFor(name);
  return answer.ok ? answer.value.cert_chain_pem : answer.problem;
}

test('only names that a rule could allow are minted', async () => {
  const { state, source } = world(await ownRoot());
  state.allowed = (host) => host === 'a.example' || host === '2001:db8::1' || host === '192.0.2.1';
  assert.equal(await chainOf(source, 'b.example'), 'NAME_REFUSED');
  assert.equal(await chainOf(source, 'a.example'), 'a.example 1');
  await source.secretFor('[2001:db8::1]');
  await source.secretFor('192.0.2.1');
  assert.deepEqual(state.minted, ['a.example', '2001:db8::1 (address)', '192.0.2.1 (address)']);
  await source.close();
});

test('a leaf is handed out again in the first half of its life, and minted once for all who wait', async () => {
  const { state, source } = world(await ownRoot());
  const both = await Promise.all([chainOf(source, 'a.example'), chainOf(source, 'a.example')]);
  assert.deepEqual(both, ['a.example 1', 'a.example 1']);
  state.now = LIFE_MS / 2 - 1;
  assert.equal(await chainOf(source, 'a.example'), 'a.example 1');
  state.now = LIFE_MS / 2;
  assert.equal(await chainOf(source, 'a.example'), 'a.example 2');
  await source.close();
});

test('the least recently used leaf is forgotten', async () => {
  const { state, source } = world(await ownRoot());
  for (const name of ['a.example', 'b.example', 'a.example', 'c.example', 'a.example', 'b.example']) {
    await source.secretFor(name);
  }
  assert.deepEqual(state.minted, ['a.example', 'b.example', 'c.example', 'b.example']);
  await source.close();
});

test('name constraints of the authority are obeyed', async () => {
  const { source } = world(await ownRoot(Date.now(), ['example.com']));
  assert.equal(await chainOf(source, 'a.example.com'), 'a.example.com 1');
  assert.equal(await chainOf(source, 'a.example.org'), 'NAME_REFUSED');
  assert.equal(await chainOf(source, '192.0.2.1'), 'NAME_REFUSED');
  await source.close();
});

test('without an authority, or with a minter that is down, names are refused and nothing is kept', async () => {
  const none = world(undefined);
  assert.equal(await chainOf(none.source, 'a.example'), 'NAME_REFUSED');
  await none.source.close();
  const { state, source } = world(await ownRoot());
  state.down = true;
  assert.equal(await chainOf(source, 'a.example'), 'NAME_REFUSED');
  state.down = false;
  assert.equal(await chainOf(source, 'a.example'), 'a.example 2');
  await source.close();
});

test('another authority replaces every leaf, and holders are told', async () => {
  const { state, source } = world(await ownRoot());
  const told = new Promise<void>((resolve) => source.onChange(resolve));
  assert.equal(await chainOf(source, 'a.example'), 'a.example 1');
  const next = await ownRoot();
  state.authority = next;
  await told;
  assert.equal(await chainOf(source, 'a.example'), 'a.example 2');
  assert.equal(state.signers.at(-1)?.keyPem, next.keyPem);
  await source.close();
});

test('a folder that cannot be read stops the start; later the last authority stays', async () => {
  const unreadable = { signing: () => assert.fail('mode 0644') };
  assert.throws(() => world(undefined, { authorities: unreadable }), /mode 0644/);
  const root = { ...(await ownRoot()), fingerprint: 'x' };
  let reads = 0;
  let say: () => void = () => undefined;
  const troubled = new Promise<void>((resolve) => {
    say = resolve;
  });
  const authorities = { signing: () => (reads++ === 0 ? root : assert.fail('gone')) };
  const { source } = world(undefined, { authorities, on: { trouble: () => say() } });
  await troubled;
  assert.equal(await chainOf(source, 'a.example'), 'a.example 1');
  await source.close();
});

test('what policy no longer allows is refused, kept or not', async () => {
  const { state, source } = world(await ownRoot());
  assert.equal(await chainOf(source, 'a.example'), 'a.example 1');
  let told = 0;
  source.onChange(() => (told += 1));
  state.allowed = () => false;
  source.recheck();
  assert.equal(told, 1);
  assert.equal(await chainOf(source, 'a.example'), 'NAME_REFUSED');
  await source.close();
});
