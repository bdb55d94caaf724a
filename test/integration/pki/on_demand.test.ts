import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { openKeyFolder, readKeyFile, writeKeyFile } from '../../../src/keys/key_file.ts';
import { type LeafSource, openLeafSource } from '../../../src/pki/leaf_source.ts';
import { openMinter } from '../../../src/pki/minter.ts';
import { AuthorityStore, trustedRoots } from '../../../src/pki/store.ts';
import { type SecretService, secretService } from '../../../src/server/sds/service.ts';
import { ownRoot } from '../../support/authority.ts';
import { leafThread } from '../../support/leaf_thread.ts';
import { eventually } from '../../support/running.ts';
import { waitFor } from '../intercept/gateway.ts';
import { type Handshake, type OnDemandEnvoy, residentKib, startOnDemandEnvoy } from './envoy_on_demand.ts';

const CACHE_MAX = 50;
const NAMES = 1_000;
/** As many handshakes in a row as meet both threads of Envoy. */
const SAME_TIMES = 12;
/** What Envoy may grow by while a thousand names come by; the leaves that it may hold are a fraction of it. */
const GROWTH_KIB_MAX = 64 * 1024;

describe('an Envoy that asks for certificates by name', () => {
  let dir = '';
  let store: AuthorityStore;
  let source: LeafSource;
  let service: SecretService;
  let envoy: OnDemandEnvoy;
  const counts = { minted: 0, refused: 0, evicted: 0, rejected: 0 };
  const count = (what: keyof typeof counts) => () => {
    counts[what] += 1;
  };
  const policy = { allowed: (host: string) => host.endsWith('.allowed.test') };
  const newService = () =>
    secretService(source, {
      leafCacheMax: CACHE_MAX,
      events: { refused: count('refused'), evicted: count('evicted'), rejected: count('rejected') },
    });

  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'clawgress-ca-'));
    store = new AuthorityStore(dir, { openFolder: openKeyFolder, read: readKeyFile, write: writeKeyFile });
    store.add('own', await ownRoot(), Date.now());
    source = openLeafSource({
      authorities: store,
      minter: openMinter({ startThread: () => leafThread() }),
      mayIntercept: (host) => policy.allowed(host),
      cacheMax: CACHE_MAX,
      pollMs: 50,
      on: { minted: count('minted') },
    });
    service = newService();
    envoy = await startOnDemandEnvoy(service, () => trustedRoots(store.list(), Date.now()).join(''));
  });
  afterEach(() => assert.equal(counts.rejected, 0, 'Envoy could use everything that it was sent'));
  after(async () => {
    service.drain();
    await envoy.stop();
    await source.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const serial = async (name: string): Promise<string> => {
    const done = await envoy.handshake(name);
    assert.ok(done.ok, `${name}: ${done.ok ? '' : done.why}`);
    return done.serial;
  };
  /** Handshakes until the certificate is another one, on each thread of Envoy: none may be a moment behind. */
  const other = async (name: string, than: string): Promise<string> => {
    let [found, times] = [than, 0];
    await eventually(async () => {
      const now = await serial(name);
      times = now !== than && now === found ? times + 1 : 0;
      found = now;
      return times >= SAME_TIMES ? true : undefined;
    }, `another certificate of ${name}`);
    return found;
  };

  it('completes handshakes for names that policy could allow, each minted once', async () => {
    const minted = counts.minted;
    const first = await serial('a.allowed.test');
    assert.equal(await serial('a.allowed.test'), first);
    assert.equal(counts.minted, minted + 1);
  });

  it('fails handshakes for other names at once, and again when asked again', async () => {
    for (const name of ['b.refused.test', 'b.refused.test', 'bad_name.allowed.test', 'allowed.test']) {
      const done = await envoy.handshake(name);
      assert.ok(
        !done.ok && /handshake failure/.test(done.why),
        `${name}: ${done.ok ? 'accepted' : done.why}`,
      );
    }
  });

  it('forgets a name that policy no longer allows', async () => {
    await serial('later.allowed.test');
    policy.allowed = (host) => host.endsWith('.allowed.test') && host !== 'later.allowed.test';
    source.recheck();
    await eventually(
      async () => ((await envoy.handshake('later.allowed.test')).ok ? undefined : true),
      'a refusal',
    );
    assert.ok(await serial('a.allowed.test'), 'others go on');
  });

  it('shows certificates of a new root as soon as it signs, while the old one is still trusted', async () => {
    const before = await serial('a.allowed.test');
    store.add('own', await ownRoot(), Date.now());
    const after = await other('a.allowed.test', before);
    store.remove('root');
    assert.equal(await serial('a.allowed.test'), after);
  });

  it('asks again after a gateway was away, and keeps what it had', async () => {
    const held = await serial('a.allowed.test');
    envoy.cutOff();
    assert.equal(await serial('a.allowed.test'), held);
    service = newService();
    await envoy.reconnect(service);
    await waitFor(() => (service.held() > 0 ? true : undefined), 'the names that Envoy holds');
    assert.equal(await serial('a.allowed.test'), held);
    assert.ok(await serial('new.allowed.test'), 'new names are served');
  });

  it('takes a thousand names, half of them refused: none hangs, memory and leaves stay bounded', async () => {
    const before = residentKib(envoy.pid);
    const names = Array.from(
      { length: NAMES },
      (_, n) => `n${n}.${n % 2 === 0 ? 'allowed' : 'refused'}.test`,
    );
    const results: Handshake[] = [];
    const next = names.values();
    const client = async (): Promise<void> => {
      for (const name of next) results.push(await envoy.handshake(name));
    };
    await Promise.all(Array.from({ length: 16 }, client));
    const refused = results.filter((one) => !one.ok);
    assert.equal(refused.length, NAMES / 2);
    for (const one of refused) assert.match(one.ok ? '' : one.why, /handshake failure/);
    assert.ok(service.held() <= CACHE_MAX, `${service.held()} leaves are held`);
    assert.ok(counts.evicted >= NAMES / 2 - CACHE_MAX, `${counts.evicted} leaves were evicted`);
    assert.ok(
      residentKib(envoy.pid) - before < GROWTH_KIB_MAX,
      `from ${before} to ${residentKib(envoy.pid)} KiB`,
    );
    await waitFor(() => (service.held() <= CACHE_MAX ? true : undefined), 'streams of evicted names');
    const active = () => envoy.stat('cluster.cg_sds.upstream_rq_active');
    await eventually(
      async () => ((await active()) <= CACHE_MAX * 2 ? true : undefined),
      'streams to be closed',
    );
    assert.ok(await serial('n0.allowed.test'), 'an evicted name is minted again');
  });
});
