import { request } from 'node:http';
import { formatRelayEnd, type RelayEnd } from '../core/relay/relay_end.ts';
import type { RelayTicket } from '../core/relay/relay_ticket.ts';
import { hopHeaders } from './out_headers.ts';
import type { RelayPlaces } from './ports.ts';

/** A stream is not held open for longer than this by a report that nobody takes. */
const REPORT_MS = 2_000;
const TAKEN = 204;

/** Has Envoy write down how a stream ended. Resolves with whether it did; never rejects. */
export function sendReport(places: RelayPlaces, order: RelayTicket, end: RelayEnd): Promise<boolean> {
  return new Promise((resolve) => {
    const report = request({
      socketPath: places.outSocket,
      method: 'POST',
      path: '/_relay_end',
      agent: false,
      timeout: REPORT_MS,
      headers: {
        host: 'relay',
        'content-length': '0',
        ...hopHeaders(places, order),
        'cg-relay-end': formatRelayEnd(end),
      },
    });
    report.on('timeout', () => report.destroy());
    report.on('error', () => resolve(false));
    report.on('close', () => resolve(false));
    report.on('response', (response) => {
      resolve(response.statusCode === TAKEN);
      response.resume();
    });
    report.end();
  });
}
