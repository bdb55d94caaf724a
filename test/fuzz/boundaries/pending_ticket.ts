import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { openPending, sealPending } from '../../../src/server/inspect/pending_ticket.ts';
import { mac } from '../../unit/server/fakes.ts';
import { NOW_MS, TICKET } from '../../unit/server/inspect/pending.ts';
import { type Boundary, bytesOf, latin1 } from '../boundary.ts';

const SHOWING = { node: 'envoy-1', epoch: 'e1', now_ms: NOW_MS };
const LABEL = 'clawgress/pending-ticket/v1';

/** The ticket of a held request, as Envoy hands it back. Judge: only what another reader can decrypt, too, is taken. */
export function pendingTicket(): Boundary {
  const tickets = [TICKET, { ...TICKET, draft: { ...TICKET.draft, envoy_epoch: 'e2' } }];
  const texts = tickets.map((ticket) => sealPending(ticket, mac) ?? '');
  return {
    name: 'pending_ticket',
    corpus: texts.map(bytesOf),
    check(input) {
      const text = latin1(input);
      const opened = openPending(text, mac, SHOWING);
      if (!opened.ok) return false;
      assert.ok(isSealed(text), 'a made-up ticket was taken');
      assert.equal(opened.value.draft.envoy_epoch, SHOWING.epoch);
      return true;
    },
  };
}

function isSealed(text: string): boolean {
  const bytes = Buffer.from(text, 'base64url');
  const key = Buffer.from(mac(LABEL, bytes.subarray(0, 24).toString('base64url')), 'hex');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12));
  decipher.setAAD(Buffer.from(LABEL)).setAuthTag(bytes.subarray(-16));
  decipher.update(bytes.subarray(24, -16));
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}
