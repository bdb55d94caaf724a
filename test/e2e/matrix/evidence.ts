import assert from 'node:assert/strict';
import type { NaiveRecord } from '../../support/naive_journal.ts';
import { eventually } from '../../support/running.ts';
import { isTunnel } from './curl.ts';
import type { StreamSeen } from './stream_client.ts';
import { type Ask, CAP_BYTES, STREAM_CLIENTS, type StreamClient } from './streams_table.ts';
import { MODES, type Mode } from './table.ts';
import type { MatrixWorld } from './world.ts';

/** Decisions about this host, and those that an answer named: a refused request may have no readable host. */
export function decisionsOf(
  world: MatrixWorld,
  { host, receipts = [], since = 0 }: { host: string; receipts?: readonly string[]; since?: number },
): readonly NaiveRecord[] {
  return world
    .records()
    .filter(
      (one) =>
        one['type'] === 'decision' &&
        one['seq'] >= since &&
        (one['request'].authority === host || receipts.includes(one['receipt_id'])),
    );
}

/** `<verdict> <reason>`, and for an allow how it ended. */
export async function told(world: MatrixWorld, decision: NaiveRecord): Promise<string> {
  const { verdict, reason, receipt_id } = decision;
  if (verdict === 'deny') return `deny ${reason}`;
  const outcomes = await eventually(() => {
    const found = world.records().filter(({ decision_ref }) => decision_ref === receipt_id);
    return found.length === 0 ? undefined : found;
  }, `the outcome of ${receipt_id}`);
  assert.equal(outcomes.length, 1, `one outcome for ${receipt_id}`);
  const { state, cause } = outcomes[0] ?? {};
  return `allow ${reason} ${state}${cause === undefined ? '' : ` ${cause}`}`;
}

/** Requests that reached the destination for this host, in TLS for this host wherever there was TLS. */
export function hitsOf(world: MatrixWorld, mode: Mode, host: string, before = 0): number {
  const hits = world.upstream.hits().slice(before);
  const own = hits.filter((hit) => hit.host === host);
  for (const { sni } of own)
    if (!PLAIN.includes(mode) && !(mode === 'raw' && sni === undefined)) assert.equal(sni, host);
  return own.length;
}

const PLAIN: readonly Mode[] = ['plain', 'redirected-plain'];
/** What the agents' resolver gives out. */
const SYNTHETIC = /^(198\.1[89]\.\d+\.\d+|\[fd63:6761::[0-9a-f:]+\]):\d+$/;

interface Expected {
  /** Undefined: nobody. */
  readonly agent: string | undefined;
  /** Whether its host is known; it is not in a request too large to be read. */
  readonly host: string | undefined;
}

/** Whose it is, which way it came, how much was visible, and which CONNECT it came through. */
export function assertTrue(mode: Mode, decisions: readonly NaiveRecord[], { agent, host }: Expected): void {
  const inside = MODES[mode].tunnel === 'intercept';
  const connects = new Map<string, NaiveRecord>();
  for (const one of decisions) {
    const { request, identity, identity_problem, parent_decision, verdict } = one;
    assert.equal(identity?.agent_id, agent);
    assert.equal(identity_problem, agent === undefined ? 'IDENTITY_MISSING' : undefined);
    if (host !== undefined) assert.equal(request.authority, host);
    const { way, tunnel, entry } = MODES[mode];
    const ofTunnel = isTunnel(mode) && request.mode !== 'intercepted';
    const redirected = entry === 'redirected';
    assert.equal(request.mode, ofTunnel ? (redirected ? 'transparent' : 'connect') : way);
    assert.equal(request.visibility, ofTunnel ? (redirected ? 'sni' : 'authority') : 'full');
    assert.equal(request.tls, ofTunnel && verdict === 'allow' ? tunnel : undefined);
    if (agent !== undefined) assert.deepEqual(identity.binding, bindingOf(mode, identity));
    if (request.mode === 'transparent') assert.match(request.original_destination, SYNTHETIC);
    else assert.equal(request.original_destination, undefined);
    if (ofTunnel) connects.set(one['receipt_id'], one);
    if (ofTunnel || !inside) assert.equal(parent_decision, undefined);
    else
      assert.equal(connects.get(parent_decision)?.['verdict'], 'allow', 'its CONNECT was allowed before it');
  }
}

function bindingOf(mode: Mode, { auth_type, binding }: NaiveRecord): object {
  const isSource = MODES[mode].entry === 'redirected' && mode !== 'redirected-header';
  assert.equal(auth_type, isSource ? 'source' : 'api_key');
  if (!isSource) return binding;
  assert.match(binding.source, /^uid:200[12]$/);
  return { kind: 'source', source: binding.source };
}

/** The kind of the stream, the caps that held, and how many bytes the outcome knows of. */
export function assertStream(
  world: MatrixWorld,
  client: StreamClient,
  ask: Ask,
  decision: NaiveRecord,
  { got }: StreamSeen,
): void {
  const { request, stream, receipt_id, verdict } = decision;
  assert.equal(request.protocol, STREAM_CLIENTS[client].kind);
  assert.deepEqual(stream, ask === 'capped' ? { max_bytes: CAP_BYTES } : undefined);
  if (verdict === 'deny') return;
  const outcome = world.records().find(({ decision_ref }) => decision_ref === receipt_id);
  const { bytes_in = 0, bytes_out = 0 } = outcome ?? {};
  assert.ok(got > 0 && bytes_in >= got && bytes_out >= got, `${got} of ${bytes_in} and ${bytes_out} bytes`);
  if (ask === 'capped') assert.ok(2 * got <= CAP_BYTES, `${got} bytes came back`);
}
