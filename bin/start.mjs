// `npm start`: sets up what is missing, then runs `clawgress up` in this very process, so that signals reach it directly.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { orExplain, root, setup } from './setup.mjs';

const envoy = await orExplain(() => setup());
// Configuration may still name another binary; this is only what set-up found.
process.env.ENVOY_BIN ??= envoy;
const main = join(root, 'dist', 'cli', 'main.js');
process.argv.splice(1, process.argv.length - 1, main, 'up', ...process.argv.slice(2));
await import(pathToFileURL(main).href);
