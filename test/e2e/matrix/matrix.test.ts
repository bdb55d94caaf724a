/**
 * Promise: on every way in, each kind of request gets the answer, the receipts and the effect that docs/modes.md says:
 * one decision for each request that was judged, with its owner, its mode and its end, and the destination sees the
 * allowed ones alone. The real CLI, the real Envoy, real firewall rules, real client programs.
 */
import { fileURLToPath } from 'node:url';
import { inOwnNetwork } from '../../support/own_network.ts';
import { pythonWithClients } from '../../support/python_clients.ts';

// Installed where there is a way to the package index.
pythonWithClients();
if (await inOwnNetwork(fileURLToPath(import.meta.url))) await import('./cells.ts');
