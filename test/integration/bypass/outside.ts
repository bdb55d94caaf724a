// The outside of a test network: the metadata service of a careless cloud, for as long as its standard input is open.
import { createServer } from 'node:http';

const open = (address: string) =>
  new Promise<void>((resolve) => {
    createServer((_request, response) => response.end('instance\n')).listen(80, address, resolve);
  });
await Promise.all(['169.254.169.254', 'fd00:ec2::254'].map(open));
process.stdout.write('listening\n');
process.stdin.on('end', () => process.exit(0)).resume();
