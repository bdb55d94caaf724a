/**
 * Promise: over thousands of mixed requests with processes dying in between, every sentence about "exactly one
 * decision" holds to the last request, the evidence verifies, and replay agrees. The long form is `mixed.ts`.
 */
import { fileURLToPath } from 'node:url';
import { inOwnNetwork } from '../../support/own_network.ts';

if (await inOwnNetwork(fileURLToPath(import.meta.url))) await import('./mixed_short.ts');
