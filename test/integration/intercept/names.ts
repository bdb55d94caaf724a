import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import type { Message } from '../../../src/intercept/config/typed.ts';
import { UPSTREAM } from './upstream.ts';

export interface Names {
  /** Makes this resolver the only one of a configuration. */
  readonly use: (config: Message) => Message;
  /** Names that were resolved, lower case. */
  readonly resolved: ReadonlySet<string>;
  close(): void;
}

/**
 * A resolver that gives the address of the upstream to every name, a private one to `private.example`, and none below
 * `invalid`.
 */
export async function startNames(): Promise<Names> {
  const server = createSocket('udp4');
  const resolved = new Set<string>();
  server.on('message', (query, from) => {
    resolved.add(nameOf(query));
    server.send(answerTo(query), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const resolvers = [{ socket_address: { address: '127.0.0.1', port_value: port } }];
  return {
    resolved,
    use: (config) =>
      JSON.parse(JSON.stringify(config), (_key, value: unknown) => withResolver(value, resolvers)) as Message,
    close: () => server.close(),
  };
}

function withResolver(value: unknown, resolvers: readonly object[]): unknown {
  const isResolver = typeof value === 'object' && value !== null && 'dns_resolver_options' in value;
  return isResolver ? { ...value, resolvers } : value;
}

const HEADER_BYTES = 12;
const NXDOMAIN = 3;

function nameOf(query: Buffer): string {
  const labels: string[] = [];
  for (let at = HEADER_BYTES; (query[at] ?? 0) > 0; at += 1 + (query[at] ?? 0))
    labels.push(query.toString('latin1', at + 1, at + 1 + (query[at] ?? 0)));
  return labels.join('.').toLowerCase();
}

function answerTo(query: Buffer): Buffer {
  const end = query.indexOf(0, HEADER_BYTES) + 5;
  const question = query.subarray(HEADER_BYTES, end);
  const isA = query.readUInt16BE(end - 4) === 1;
  const header = Buffer.from(query.subarray(0, HEADER_BYTES));
  const isUnknown = question.includes('\x07invalid\0');
  header.writeUInt16BE(0x8180 | (isUnknown ? NXDOMAIN : 0), 2);
  header.writeUInt16BE(isA && !isUnknown ? 1 : 0, 6);
  header.fill(0, 8);
  if (!isA || isUnknown) return Buffer.concat([header, question]);
  const address = question.includes('private') ? '10.0.0.1' : UPSTREAM;
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]);
  return Buffer.concat([header, question, record]);
}
