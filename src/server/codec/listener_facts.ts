import { isIP } from 'node:net';
import { type SourceIdentity, UID_MAX } from '../../core/identity/source.ts';
import type { RawRequest, TransparentFacts } from '../../core/request/egress_request.ts';
import type { AuthInput } from '../ports.ts';

/** What our own configuration says of the listener, and a listener of transparent mode of the connection. */
export interface ListenerFacts {
  readonly mode: RawRequest['mode'];
  /** How credentials travel to this listener. */
  readonly transport: AuthInput['transport'];
  /** Exactly in mode `transparent`. */
  readonly transparent?: TransparentFacts;
  /** Absent: the listener does not know who connects. */
  readonly identity?: SourceIdentity;
}

/** The parts of a Check that it is read from. Addresses are IP addresses. */
export interface ListenerInput {
  /** Constants of the route. */
  readonly extensions: Readonly<Record<string, string>>;
  readonly pseudo: Pick<RawRequest, 'method' | 'authority'>;
  readonly headers: RawRequest['headers'];
  /** Of the client. */
  readonly address: string;
  /** Where the client dialled. */
  readonly destination?: TransparentFacts['original'];
  /** Of the TLS handshake that this listener terminated. */
  readonly sni?: string;
}

/** Undefined: no listener of our configuration says that. */
export function listenerFacts(input: ListenerInput): ListenerFacts | undefined {
  const { mode, transport } = input.extensions;
  // How the credential travelled is known of the CONNECT; what comes inside came through TLS that we terminated.
  if (mode === 'intercepted') return { mode, transport: 'tls' };
  if (mode === 'transparent') return transparentFacts(input);
  if (mode !== 'explicit' && mode !== 'base_url') return undefined;
  return isTransport(transport) ? { mode, transport } : undefined;
}

function transparentFacts(input: ListenerInput): ListenerFacts | undefined {
  const { extensions, address, destination } = input;
  if (destination === undefined) return undefined;
  // Headers are believed of the one listener that only our own Envoy reaches; anywhere else a client could have sent them.
  const isInner = extensions['inner'] === 'true';
  const said = isInner ? innerFacts(input) : extensions;
  const carries = isInner ? said?.['carries'] : 'http';
  const transport = said?.['transport'];
  const identity = identityOf(said?.['source_identity'], address);
  if (identity === undefined || !isTransport(transport) || !isCarried(carries)) return undefined;
  const sni = carries === 'tls' ? nameOf(input.pseudo.authority) : carries === 'http' ? input.sni : undefined;
  return {
    mode: 'transparent',
    transport,
    transparent: { original: destination, carries, ...(sni === undefined ? {} : { sni }) },
    ...(identity === 'none' ? {} : { identity }),
  };
}

/** Each of them once, as our own listener writes them. */
function innerFacts({ headers }: ListenerInput): Readonly<Record<string, string>> | undefined {
  const facts: Record<string, string> = {};
  for (const { name, value } of headers) {
    const fact = INNER.get(name);
    if (fact === undefined) continue;
    if (facts[fact] !== undefined) return undefined;
    facts[fact] = value;
  }
  return facts['carries'] === 'http' ? undefined : facts;
}

const INNER: ReadonlyMap<string, string> = new Map([
  ['x-cg-source-identity', 'source_identity'],
  ['x-cg-transport', 'transport'],
  ['x-cg-carries', 'carries'],
]);

/** `uid:2001`, `address`, or `none`. */
function identityOf(said: string | undefined, address: string): SourceIdentity | 'none' | undefined {
  if (said === 'none') return said;
  if (said === 'address') return isIP(address) === 0 ? undefined : { kind: 'address', address };
  const [, digits = ''] = /^uid:(0|[1-9][0-9]{0,9})$/.exec(said ?? '') ?? [];
  const uid = Number(digits);
  return digits === '' || uid > UID_MAX ? undefined : { kind: 'uid', uid };
}

/** Our listener writes the name of the handshake before the port, and `-` where there was none. */
function nameOf(authority: string): string | undefined {
  const name = authority.slice(0, Math.max(0, authority.lastIndexOf(':')));
  return name === '' || name === '-' ? undefined : name;
}

function isTransport(text: string | undefined): text is AuthInput['transport'] {
  return text === 'loopback' || text === 'tls' || text === 'plaintext';
}

function isCarried(text: string | undefined): text is TransparentFacts['carries'] {
  return text === 'http' || text === 'tls' || text === 'other';
}
