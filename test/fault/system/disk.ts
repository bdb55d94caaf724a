import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALWAYS, EIO, ENOSPC, type Shim } from '../../support/fault_shim.ts';
import type { World } from '../../support/fault_world.ts';
import { eventually } from '../../support/running.ts';
import type { Fault } from './fault.ts';
import { killAll } from './kill_all.ts';

const healed = (_: unknown, shim: Shim) =>
  shim.set({ write_errno: 0, write_short: 0, sync_errno: 0, times: 0, write_delay_us: 0, sync_delay_us: 0 });

/** A fault that nothing ran into proves nothing, and on a busy machine a while may pass until something does. */
async function untilFailed(shim: Shim): Promise<void> {
  await eventually(() => (shim.read('failed') > 0 ? true : undefined), 'a call that fails', 60_000);
}

export const DISK_FAULTS: readonly Fault[] = [
  {
    name: 'sync fails',
    how: 'one fdatasync of the journal returns EIO, and what it was to write is gone',
    shim: true,
    holdMs: 300,
    async inflict(_, shim) {
      await slowSyncs(shim);
      shim.set({ sync_errno: EIO, times: 1 });
      await untilFailed(shim);
    },
    heal: healed,
  },
  {
    name: 'write fails',
    how: 'one write to the journal returns EIO',
    shim: true,
    holdMs: 300,
    async inflict(_, shim) {
      shim.set({ write_errno: EIO, times: 1 });
      await untilFailed(shim);
    },
    heal: healed,
  },
  {
    name: 'short write',
    how: 'one write to the journal takes 100 bytes, then there is no space for the rest',
    shim: true,
    holdMs: 300,
    async inflict(_, shim) {
      shim.set({ write_short: 100, times: 1 });
      await untilFailed(shim);
    },
    heal: healed,
  },
  {
    name: 'no space left',
    how: 'every write to the journal returns ENOSPC for 2 s',
    shim: true,
    holdMs: 2_000,
    async inflict(_, shim) {
      shim.set({ write_errno: ENOSPC, times: ALWAYS });
      await untilFailed(shim);
    },
    heal: healed,
  },
  {
    name: 'power cut',
    how: 'every process gets SIGKILL in the middle of a sync, and the journal loses everything that was not synced; then `clawgress up` again',
    shim: true,
    losesLog: true,
    holdMs: 300,
    async inflict(world, shim) {
      await slowSyncs(shim);
      await killAll(world);
      shim.set({ sync_delay_us: 0 });
      loseUnsynced(world, shim);
    },
    heal: (world) => world.restart(),
  },
  {
    name: 'slow disk',
    how: 'each fdatasync of the journal takes 150 ms longer, for 3 s',
    shim: true,
    holdMs: 3_000,
    inflict: (_, shim) => shim.set({ sync_delay_us: 150_000 }),
    heal: healed,
  },
  {
    name: 'stuck disk',
    how: 'a write to the journal takes 4 s, longer than Envoy waits for a decision',
    shim: true,
    holdMs: 3_000,
    inflict: (_, shim) => shim.set({ write_delay_us: 4_000_000 }),
    heal: healed,
  },
];

const SYNC_MS = 60;

/** Long syncs gather large batches, and leave whoever answers too early the time to be caught. */
async function slowSyncs(shim: Shim): Promise<void> {
  shim.set({ sync_delay_us: SYNC_MS * 1_000 });
  await sleep(10 * SYNC_MS);
}

function loseUnsynced({ running }: World, shim: Shim): void {
  const folder = running.endpoints.journal_dir;
  const segments = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const last = segments
    .map((name) => join(folder, name))
    .find((path) => statSync(path).ino === shim.read('synced_inode'));
  if (last === undefined) throw new Error('no journal file was ever synced');
  truncateSync(last, shim.read('synced_bytes'));
}

/** Real file systems that are really full: they need the right to mount one. */
export const FULL_DISK_FAULTS: readonly Fault[] = [
  fullDisk({
    name: 'disk filling up',
    how: 'state folder on a tmpfs of 96 MB that is filled to half of `recorder.min_free_bytes`; space is given back after 2 s',
    sizeMb: 96,
    leftBytes: 32 * 1024 * 1024,
    recorder: 'allow_unsafe_storage: true',
  }),
  fullDisk({
    name: 'disk full',
    how: '`recorder.min_free_bytes: 0`, state folder on a tmpfs of 24 MB that is filled to the last 64 kB; space is given back after 2 s',
    sizeMb: 24,
    leftBytes: 64 * 1024,
    recorder: 'allow_unsafe_storage: true, min_free_bytes: 0',
    losesLog: true,
  }),
];

interface FullDisk {
  readonly name: string;
  readonly how: string;
  readonly sizeMb: number;
  readonly leftBytes: number;
  readonly recorder: string;
  readonly losesLog?: true;
}

/** Mounts nothing before `missing` is asked. */
function fullDisk({ name, how, sizeMb, leftBytes, recorder, losesLog }: FullDisk): Fault {
  const root = join(tmpdir(), `cg-full-${process.pid}-${sizeMb}`);
  const ballast = join(root, 'ballast');
  return {
    name,
    how,
    ...(losesLog ? { losesLog } : {}),
    holdMs: 2_000,
    world: { stateDir: join(root, 's'), settings: [`recorder: {${recorder}}`] },
    missing() {
      mkdirSync(root);
      const options = `size=${sizeMb}m,mode=0700`;
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', root]);
      return mounted.status === 0 ? undefined : 'mounting a tmpfs needs root';
    },
    inflict() {
      const { bavail, bsize } = statfsSync(root);
      writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - leftBytes)));
    },
    heal: () => rmSync(ballast, { force: true }),
  };
}

/** Undoes what `missing` mounted. */
export function releaseFullDisks(): void {
  for (const { world } of FULL_DISK_FAULTS) {
    const root = join(world?.stateDir ?? '', '..');
    spawnSync('umount', [root]);
    rmSync(root, { recursive: true, force: true });
  }
}
