/**
 * What a client can name differently, in every combination, on every way in. `a` and `b` are hosts of that way, both
 * allowed; `p` is the port of the destination, `q` another.
 */
import type { OutcomeCause } from '../../../src/core/receipt/outcome_cause.ts';
import type { Named } from './names_client.ts';
import type { Mode } from './table.ts';

export interface Places {
  readonly a: string;
  readonly b: string;
  readonly p: number;
  readonly q: number;
  /** Proxy or base URL; a redirected connection is made to `a` itself. */
  readonly gateway: readonly [string, number];
  /** Header line of the agent's credential for a proxy. */
  readonly proxyKey: string;
  /** The same for everything else; none where the agent is known without. */
  readonly key: Readonly<Record<string, string>>;
}

export interface Disagreement {
  readonly mode: Mode;
  /** What is said where. */
  readonly says: string;
  ask(places: Places): Named;
  readonly sees: string;
  readonly records: readonly string[];
  /** The host that was judged, where the destination gets the request under that name and no other. */
  readonly arrives?: 'a' | 'b';
  /** Of an allowed tunnel: why it came to nothing. */
  readonly cause?: OutcomeCause;
}

const ALLOWED = 'allow POLICY_ALLOW';
const MISNAMED = 'deny TLS_NAME_MISMATCH';

const proxied: readonly Disagreement[] = [
  {
    ...{ mode: 'plain', says: 'target a, Host b', sees: '200', records: [ALLOWED], arrives: 'a' },
    ask: ({ a, b, p, gateway, proxyKey }) => ({
      to: gateway,
      ask: [`http://${a}:${p}/names`, `Host: ${b}:${p}`, proxyKey],
    }),
  },
  {
    ...{
      mode: 'plain',
      says: 'target a, Host a on another port',
      sees: '200',
      records: [ALLOWED],
      arrives: 'a',
    },
    ask: ({ a, p, q, gateway, proxyKey }) => ({
      to: gateway,
      ask: [`http://${a}:${p}/names`, `Host: ${a}:${q}`, proxyKey],
    }),
  },
  {
    ...{ mode: 'plain', says: 'no target but a path, Host a and Host b', sees: '403 AUTHORITY_INVALID' },
    records: ['deny AUTHORITY_INVALID'],
    ask: ({ a, b, p, gateway, proxyKey }) => ({
      to: gateway,
      ask: ['/names', `Host: ${a}:${p}`, `Host: ${b}:${p}`, proxyKey],
    }),
  },
  {
    ...{ mode: 'base-to', says: '`/_to/` a, Host b', sees: '200', records: [ALLOWED], arrives: 'a' },
    ask: ({ a, b, p, gateway, key }) => ({
      ...{ to: gateway, headers: key },
      ask: [`/_to/${a}:${p}/names`, `Host: ${b}:${p}`],
    }),
  },
  {
    ...{ mode: 'base-host', says: 'Host a and Host b', sees: '403 AUTHORITY_INVALID' },
    records: ['deny AUTHORITY_INVALID'],
    ask: ({ a, b, p, gateway, key }) => ({
      ...{ to: gateway, headers: key },
      ask: ['/names', `Host: ${a}:${p}`, `Host: ${b}:${p}`],
    }),
  },
  {
    ...{ mode: 'base-host', says: 'target a, Host b', sees: '200', records: [ALLOWED], arrives: 'a' },
    ask: ({ a, b, p, gateway, key }) => ({
      ...{ to: gateway, headers: key },
      ask: [`http://${a}:${p}/names`, `Host: ${b}:${p}`],
    }),
  },
  {
    ...{
      mode: 'opaque',
      says: 'CONNECT a, its Host b, SNI a',
      sees: 'CONNECT 200, 200',
      records: [ALLOWED],
      arrives: 'a',
    },
    ask: ({ a, b, p, gateway, proxyKey }) => ({
      ...{ to: gateway, tunnel: [`${a}:${p}`, `Host: ${b}:${p}`, proxyKey], sni: a },
      ask: ['/names', `Host: ${a}:${p}`],
    }),
  },
  ...(['b', 'none', 'bytes'] as const).map(
    (sni): Disagreement => ({
      ...{ mode: 'opaque', sees: 'CONNECT 200, closed', records: [ALLOWED], cause: 'sni_mismatch' },
      says: `CONNECT a, ${{ b: 'SNI b', none: 'no SNI', bytes: 'no TLS' }[sni]}`,
      ask: ({ a, b, p, gateway, proxyKey }) => ({
        ...{ to: gateway, tunnel: [`${a}:${p}`, `Host: ${a}:${p}`, proxyKey] },
        ...(sni === 'bytes' ? { bytes: 'SSH-2.0-test\r\n' } : { sni: sni === 'b' ? b : '' }),
        ask: ['/names', `Host: ${a}:${p}`],
      }),
    }),
  ),
];

/** SNI and request inside a tunnel or connection for `a`. */
interface Inner {
  readonly sni: 'a' | 'b' | 'none';
  readonly host: 'a' | 'b';
  readonly port: 'p' | 'q';
  /** HTTP/2: `:authority` as said, and this in a `host` header beside it. */
  readonly hostHeader?: 'b';
}

const INNER: readonly Inner[] = [
  ...(['a', 'b', 'none'] as const).flatMap((sni) =>
    (['a', 'b'] as const).flatMap((host) => (['p', 'q'] as const).map((port) => ({ sni, host, port }))),
  ),
  { sni: 'a', host: 'a', port: 'p', hostHeader: 'b' },
];

function innerSays({ sni, host, port, hostHeader }: Inner): string {
  const authority = `${hostHeader ? ':authority' : 'Host'} ${host}${port === 'q' ? ' on another port' : ''}`;
  return `${sni === 'none' ? 'no SNI' : `SNI ${sni}`}, ${authority}${hostHeader ? `, Host ${hostHeader}` : ''}`;
}

function inner(
  { sni, host, port, hostHeader }: Inner,
  { a, b, p, q, key }: Places,
  isHttp2: boolean,
): Pick<Named, 'sni' | 'ask' | 'ask2' | 'headers'> {
  const names = { a, b, none: '' };
  const authority = `${names[host]}:${port === 'p' ? p : q}`;
  const header = hostHeader === undefined ? [] : [`${names[hostHeader]}:${p}`];
  return {
    ...{ sni: names[sni], headers: key },
    ...(isHttp2
      ? { ask2: [authority, ...header] as [string, string?] }
      : { ask: [hostHeader ? `https://${authority}/names` : '/names', `Host: ${header[0] ?? authority}`] }),
  };
}

type Told = Pick<Disagreement, 'sees' | 'records' | 'arrives' | 'cause'>;

/** Disagreeing combinations of a way in that looks inside of TLS. */
function looking(
  mode: Mode,
  isHttp2: boolean,
  enter: (places: Places) => Pick<Named, 'to' | 'tunnel'>,
  told: (one: Inner) => Told,
): readonly Disagreement[] {
  return INNER.filter(
    (one) => !(one.sni === 'a' && one.host === 'a' && one.port === 'p' && !one.hostHeader),
  ).map((one) => ({
    ...{ mode, says: `${isHttp2 ? 'HTTP/2: ' : ''}${innerSays(one)}` },
    ask: (places) => ({ ...enter(places), ...inner(one, places, isHttp2) }),
    ...told(one),
  }));
}

const inTunnel = (mode: 'inside-h1' | 'inside-h2'): readonly Disagreement[] =>
  looking(
    mode,
    mode === 'inside-h2',
    ({ a, p, gateway, proxyKey }) => ({ to: gateway, tunnel: [`${a}:${p}`, `Host: ${a}:${p}`, proxyKey] }),
    ({ sni, hostHeader }) => {
      if (sni === 'none')
        return { sees: 'CONNECT 200, closed', records: [ALLOWED], cause: 'tls_name_refused' };
      if (hostHeader !== undefined)
        return { sees: 'CONNECT 200, 200', records: [ALLOWED, ALLOWED], arrives: 'a' };
      return { sees: 'CONNECT 200, 421 TLS_NAME_MISMATCH', records: [ALLOWED, MISNAMED] };
    },
  );

const direct = ({ a, p }: Places): Pick<Named, 'to'> => ({ to: [a, p] });

const redirected: readonly Disagreement[] = [
  {
    ...{ mode: 'redirected-plain', says: 'Host a on another port', sees: '421 ORIGINAL_PORT_MISMATCH' },
    records: ['deny ORIGINAL_PORT_MISMATCH'],
    ask: (places) => ({ ...direct(places), ask: ['/names', `Host: ${places.a}:${places.q}`] }),
  },
  {
    ...{ mode: 'redirected-plain', says: 'Host a without its port', sees: '421 ORIGINAL_PORT_MISMATCH' },
    records: ['deny ORIGINAL_PORT_MISMATCH'],
    ask: (places) => ({ ...direct(places), ask: ['/names', `Host: ${places.a}`] }),
  },
  {
    ...{
      mode: 'redirected-plain',
      says: 'Host an address that was not dialled',
      sees: '421 ORIGINAL_PORT_MISMATCH',
    },
    records: ['deny ORIGINAL_PORT_MISMATCH'],
    ask: (places) => ({ ...direct(places), ask: ['/names', `Host: 198.18.0.1:${places.p}`] }),
  },
  {
    ...{ mode: 'redirected-plain', says: 'Host a and Host b', sees: '403 AUTHORITY_INVALID' },
    records: ['deny AUTHORITY_INVALID'],
    ask: (places) => ({
      ...direct(places),
      ask: ['/names', `Host: ${places.a}:${places.p}`, `Host: ${places.b}:${places.p}`],
    }),
  },
  {
    ...{ mode: 'redirected-plain', says: 'target a, Host b', sees: '200', records: [ALLOWED], arrives: 'a' },
    ask: (places) => ({
      ...direct(places),
      ask: [`http://${places.a}:${places.p}/names`, `Host: ${places.b}:${places.p}`],
    }),
  },
  {
    ...{ mode: 'redirected-opaque', says: 'no SNI', sees: 'closed', records: ['deny TLS_NAME_MISSING'] },
    ask: (places) => ({ ...direct(places), sni: '', ask: ['/names', `Host: ${places.a}:${places.p}`] }),
  },
  {
    ...{ mode: 'redirected-opaque', says: 'neither TLS nor HTTP', sees: 'closed' },
    records: ['deny POLICY_NO_MATCH'],
    ask: (places) => ({ ...direct(places), bytes: '\x00\x01\x02\x03 what is this\r\n' }),
  },
  ...looking('redirected-inside', false, direct, told),
  ...looking('redirected-inside', true, direct, told),
  ...looking('redirected-header', false, direct, toldByHeader),
  ...looking('redirected-header', true, direct, toldByHeader),
];

/**
 * The name of the handshake is the name of the connection: nothing else was said before, and which address was dialled
 * is recorded, not believed.
 */
function told({ sni, host, port }: Inner): Told {
  if (sni === 'none') return { sees: 'closed', records: ['deny TLS_NAME_MISSING'] };
  if (sni === host && port === 'p') return { sees: '200', records: [ALLOWED, ALLOWED], arrives: host };
  return { sees: '421 TLS_NAME_MISMATCH', records: [ALLOWED, MISNAMED] };
}

function toldByHeader({ sni, host, port }: Inner): Told {
  if (sni === 'none') return { sees: 'closed', records: [] };
  if (sni !== host) return { sees: '421 TLS_NAME_MISMATCH', records: [MISNAMED] };
  if (port === 'q') return { sees: '421 ORIGINAL_PORT_MISMATCH', records: ['deny ORIGINAL_PORT_MISMATCH'] };
  return { sees: '200', records: [ALLOWED], arrives: host };
}

export const DISAGREEMENTS: readonly Disagreement[] = [
  ...proxied,
  ...inTunnel('inside-h1'),
  ...inTunnel('inside-h2'),
  ...redirected,
];
