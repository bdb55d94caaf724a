import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { encodeTicket, openTicket, type TunnelTicket } from '../../../src/server/tunnel_ticket.ts';
import { mac } from '../../unit/server/fakes.ts';
import { type Boundary, bytesOf, latin1 } from '../boundary.ts';

const SHOWING = { node: 'envoy-1', epoch: 'e1', now_ms: 1_700_000_000_000 };
const TICKET: TunnelTicket = {
  receipt_id: '018bcfe5-6800-7000-8000-000000000001',
  tenant_id: 'default',
  agent_id: 'bot',
  binding: { kind: 'api_key', key_id: '0123456789abcdef' },
  credential_transport: 'loopback',
  run: { label: 'r1', asserted_by: 'basic_user' },
  authority: 'api.example:443',
  node: SHOWING.node,
  epoch: SHOWING.epoch,
  exp_ms: SHOWING.now_ms + 1,
};
const TOKEN = { kind: 'jwt', issuer: 'https://idp.example', subject: 'r\u00f6bot', jwk_id: 'k' } as const;

/**
 * The ticket of a tunnel, as a header of a call. Judge: as it stands, an input is only taken when its last part is the
 * HMAC of its first; sealed by us, only content that says one thing in one way is taken, for this Envoy and this moment.
 */
export function tunnelTicket(): Boundary {
  const texts = [TICKET, { ...TICKET, binding: TOKEN }, { ...TICKET, epoch: 'e2' }].map((one) =>
    encodeTicket(one, mac),
  );
  const contents = texts.map((text) => Buffer.from(text.split('.')[0] ?? '', 'base64url'));
  return {
    name: 'tunnel_ticket',
    corpus: [...texts.map(bytesOf), ...contents],
    check(input) {
      const text = latin1(input);
      const [body = '', tag] = text.split('.');
      const asIs = openTicket(text, mac, SHOWING);
      if (asIs.ok) assert.equal(tag, sealOf(body), 'a made-up ticket was taken');
      const sealed = Buffer.from(input).toString('base64url');
      const opened = openTicket(`${sealed}.${sealOf(sealed)}`, mac, SHOWING);
      if (!opened.ok) return asIs.ok;
      const { node, epoch, exp_ms } = JSON.parse(Buffer.from(input).toString('utf8')) as TunnelTicket;
      assert.deepEqual({ node, epoch }, { node: SHOWING.node, epoch: SHOWING.epoch });
      assert.ok(exp_ms > SHOWING.now_ms, 'a ticket outlived its tunnel');
      assert.equal(encodeTicket(opened.value, mac), `${sealed}.${sealOf(sealed)}`);
      return true;
    },
  };
}

function sealOf(body: string): string {
  return createHmac('sha256', 'of this host').update(`clawgress/tunnel-ticket/v1\0${body}`).digest('hex');
}
