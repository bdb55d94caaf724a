// Preloaded into every thread of the gateway: what is written to the file that CG_FAULT_READERS names happens to the
// threads that read bodies, to one of them (`hang one`) or to all (`die all`).
import { readFileSync, renameSync, statSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

const LOOK_MS = 25;
const HANG_MS = 60_000;
const control = process.env.CG_FAULT_READERS;
const isReader = !isMainThread && workerData?.prices !== undefined;
const begun = Date.now();
const taken = new Set();

function look() {
  const [what, who] = order();
  if (who === undefined || taken.has(`${what} ${who}`)) return;
  taken.add(`${what} ${who}`);
  if (who === 'one' && !isFirst()) return;
  if (what === 'die') process.exit(1);
  if (what === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HANG_MS);
}

function order() {
  try {
    // A thread that takes the place of a lost one is sound.
    if (statSync(control).mtimeMs < begun) return [];
    return readFileSync(control, 'utf8').split(' ');
  } catch {
    return [];
  }
}

function isFirst() {
  try {
    renameSync(control, `${control}.taken`);
    return true;
  } catch {
    return false;
  }
}

if (control !== undefined && isReader) setInterval(look, LOOK_MS).unref();
