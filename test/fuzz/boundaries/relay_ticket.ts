import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import {
  encodeRelayTicket,
  openRelayTicket,
  type RelayTicket,
} from '../../../src/core/relay/relay_ticket.ts';
import { mac } from '../../unit/server/fakes.ts';
import { type Boundary, bytesOf, latin1 } from '../boundary.ts';

const NOW_MS = 1_700_000_000_000;
const TICKET: RelayTicket = {
  receipt_id: '018bcfe5-6800-7000-8000-000000000001',
  owner: 'default/bot',
  scheme: 'https',
  max_bytes: 1_048_576,
  max_seconds: 60,
  exp_ms: NOW_MS + 1,
};

/**
 * What an allowed stream shows to the relay. Judge: as it stands, an input is only taken when its last part is the HMAC of
 * its first; sealed by us, only content that says one thing in one way is taken, and only in time.
 */
export function relayTicket(): Boundary {
  const { max_bytes: _bytes, max_seconds: _seconds, ...uncapped } = TICKET;
  const texts = [
    TICKET,
    { ...TICKET, max_message_bytes: 4_096, frames: 'block' as const },
    { ...uncapped, scheme: 'http' as const },
    { ...TICKET, exp_ms: NOW_MS },
  ].map((one) => encodeRelayTicket(one, mac));
  const contents = texts.map((text) => Buffer.from(text.split('.')[0] ?? '', 'base64url'));
  return {
    name: 'relay_ticket',
    corpus: [...texts.map(bytesOf), ...contents],
    check(input) {
      const text = latin1(input);
      const [body = '', tag] = text.split('.');
      const asIs = openRelayTicket(text, mac, NOW_MS);
      if (asIs.ok) assert.equal(tag, sealOf(body), 'a made-up ticket was taken');
      const sealed = Buffer.from(input).toString('base64url');
      const opened = openRelayTicket(`${sealed}.${sealOf(sealed)}`, mac, NOW_MS);
      if (!opened.ok) return asIs.ok;
      const read = JSON.parse(Buffer.from(input).toString('utf8')) as RelayTicket;
      assert.ok(read.exp_ms > NOW_MS, 'a ticket outlived its time');
      assert.deepEqual(opened.value, read);
      assert.equal(encodeRelayTicket(opened.value, mac), `${sealed}.${sealOf(sealed)}`);
      return true;
    },
  };
}

function sealOf(body: string): string {
  return createHmac('sha256', 'of this host').update(`clawgress/relay-ticket/v1\0${body}`).digest('hex');
}
