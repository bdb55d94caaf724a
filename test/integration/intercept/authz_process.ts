/** A gateway of its own process that answers as told, for tests that kill or freeze it. `argv`: its socket. */
import { startAuthz } from './fake_authz.ts';

const [socket = ''] = process.argv.slice(2);
await startAuthz(socket);
process.stdout.write('ready\n');
