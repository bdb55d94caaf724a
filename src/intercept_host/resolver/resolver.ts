import { type Answer, answerMessage, type Names } from '../../core/dns/answer.ts';
import { parseAddressBlock, syntheticAddress } from '../../core/dns/synthetic.ts';
import type { Ask, Listener } from './ports.ts';
import { SourceRate } from './source_rate.ts';
import { serveTcp } from './tcp.ts';
import { serveUdp } from './udp.ts';

export interface ResolverOptions {
  /** IP address; a loopback one means both, IPv4 and IPv6. */
  readonly address: string;
  /** UDP and TCP. */
  readonly port: number;
  /** CIDRs of the addresses that are handed out. */
  readonly ipv4_block: string;
  readonly ipv6_block: string;
  /** Asked for each query, so that it speaks of the policy of that moment. A canonical host name. */
  mayReach(host: string): boolean;
  /** Called once for each message. */
  count(answer: Answer): void;
  /** An address of loopback that this host does not have. */
  warn(fields: Readonly<Record<string, unknown>>, text: string): void;
}

export interface RunningResolver {
  /** Where it listens. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** Resolves when nothing listens any more. */
  close(): Promise<void>;
}

const LOOPBACK = ['127.0.0.1', '::1'];
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/** The agents' resolver: it forwards nothing and remembers nothing. Rejects when an address or port cannot be had. */
export async function startResolver(options: ResolverOptions): Promise<RunningResolver> {
  const ask = asker(options);
  const { address, port } = options;
  const wanted = LOOPBACK.includes(address)
    ? [address, ...LOOPBACK.filter((one) => one !== address)]
    : [address];
  const listeners: Listener[] = [];
  const addresses: string[] = [];
  const close = async () => void (await Promise.all(listeners.map((one) => one.close())));
  try {
    for (const one of wanted) {
      const opened = await listenOn(one, port, ask).catch((error: NodeJS.ErrnoException) => {
        if (one === address || !ABSENT.has(error.code ?? '')) throw error;
        options.warn({ address: one }, 'the resolver does not listen there: this host has no such address');
        return [];
      });
      listeners.push(...opened);
      if (opened.length > 0) addresses.push(one);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses, port, close };
}

async function listenOn(address: string, port: number, ask: Ask): Promise<readonly Listener[]> {
  const udp = await serveUdp(address, port, ask);
  try {
    return [udp, await serveTcp(address, port, ask)];
  } catch (error) {
    await udp.close();
    throw error;
  }
}

function asker(options: ResolverOptions): Ask {
  const names = namesOf(options);
  const rate = new SourceRate();
  return (message, source) => {
    if (!rate.admits(source, performance.now())) {
      options.count('dropped');
      return undefined;
    }
    const { answer, bytes } = answerMessage(message, names);
    options.count(answer);
    return bytes;
  };
}

function namesOf(options: ResolverOptions): Names {
  const blocks = { 4: blockOf(options.ipv4_block, 4), 6: blockOf(options.ipv6_block, 6) };
  return {
    mayReach: (host) => options.mayReach(host),
    addressOf: (host, family) => syntheticAddress(blocks[family], host),
  };
}

function blockOf(text: string, family: 4 | 6) {
  const block = parseAddressBlock(text);
  if (block?.family === family) return block;
  throw new Error(`resolver.ipv${family}_block: found '${text}'; allowed: an IPv${family} CIDR`);
}
