import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { CLIENT_KINDS, CLIENTS } from '../../../src/clients/client_list.ts';
import { PROBES } from '../../../src/clients/probes.ts';
import { CLIENT_VARIABLES } from '../../../src/clients/variables.ts';
import { clientRow, variableRow } from './clients_rows.ts';

const page = readFileSync(new URL('../../../docs/clients.md', import.meta.url), 'utf8');
const rowsOf = (heading: string) => {
  const section = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return section.split('\n').filter((line) => line.startsWith('| `'));
};

it('docs/clients.md lists every variable that is set, and no other', () => {
  assert.deepEqual(rowsOf('Variables'), CLIENT_VARIABLES.map(variableRow));
});

it('docs/clients.md lists every client, what is installed for it and what is not covered', () => {
  assert.deepEqual(rowsOf('Clients'), CLIENTS.map(clientRow));
});

it('every client has its entry and its self-test', () => {
  assert.deepEqual(
    CLIENTS.map(({ kind }) => kind),
    [...CLIENT_KINDS],
  );
  assert.deepEqual(PROBES.map(({ kind }) => kind).toSorted(), [...CLIENT_KINDS].toSorted());
});
