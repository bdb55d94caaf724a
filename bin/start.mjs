// `npm start`: sets up what is missing, then runs `clawgress up` in this very process, so that signals reach it directly.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { orExplain, root, setup } from './setup.mjs';

const envoy = await orExplain(() => setup());
// Configuration may still name another binary; this is only what set-up found.
process.env.ENVOY_BIN ??= envoy;
if (process.env.npm_lifecycle_event === 'start') stopWithNpm();
const main = join(root, 'dist', 'cli', 'main.js');
process.argv.splice(1, process.argv.length - 1, main, 'up', ...process.argv.slice(2));
await import(pathToFileURL(main).href);

/** npm runs us below a shell that does not pass signals on: when either is gone, so are we, in order. */
function stopWithNpm() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}
