/** Runs in namespaces of its own: the resolver on port 53, and programs that find it in /etc/resolv.conf. */
import { execFile } from 'node:child_process';
import { startResolver } from '../../../src/intercept_host/resolver/resolver.ts';

const programs = JSON.parse(process.argv[2] ?? '[]') as readonly (readonly string[])[];
const counted: Record<string, number> = {};
const resolver = await startResolver({
  address: '127.0.0.1',
  port: 53,
  ipv4_block: '198.18.0.0/15',
  ipv6_block: 'fd63:6761::/64',
  mayReach: (host) => host === 'api.allowed.example',
  count: (answer) => {
    counted[answer] = (counted[answer] ?? 0) + 1;
  },
  warn: () => {},
});
const run = ([program = '', ...args]: readonly string[]) =>
  new Promise((resolve) => {
    execFile(program, args, { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? 1), out: stdout, err: stderr }),
    );
  });
const ran: unknown[] = [];
for (const program of programs) ran.push(await run(program));
process.stdout.write(JSON.stringify({ ran, counted }));
await resolver.close();
