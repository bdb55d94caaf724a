import { DISAGREEMENTS } from '../../e2e/matrix/names_table.ts';
import { ASKS, goes, STREAM_CELLS, STREAM_CLIENTS } from '../../e2e/matrix/streams_table.ts';
import {
  CELLS,
  keysOf,
  MODES,
  type NotApplicable,
  PROGRAM_CELLS,
  PROGRAMS,
  type Ran,
  VERDICTS,
} from '../../e2e/matrix/table.ts';

/** The tables of docs/modes.md, one text between each pair of markers. */
export const TABLES = {
  verdicts: verdictTables,
  programs: programTable,
  names: nameTable,
  'stream ways': streamWayTable,
  'stream cells': streamCellTable,
} as const;

function verdictTables(): string {
  return keysOf(MODES)
    .map((mode) => {
      const rows = keysOf(VERDICTS).map(
        (verdict) => `| ${VERDICTS[verdict]} | ${columns(CELLS[mode][verdict])} |`,
      );
      const head = ['| Request | curl sees | Decisions | Destination sees |', '| --- | --- | --- | --- |'];
      return [`### ${sentence(MODES[mode].title)}`, '', ...head, ...rows].join('\n');
    })
    .join('\n\n');
}

function columns(cell: Ran | NotApplicable): string {
  if ('because' in cell) return `n/a: ${cell.because} | n/a | n/a`;
  const { answer, records, hits } = cell;
  const decisions = records.length === 0 ? 'none; counted in a `gap`' : records.map(code).join(', then ');
  return `${code(answer)} | ${decisions} | ${hits === 0 ? 'nothing' : 'the request'}`;
}

function programTable(): string {
  const programs = keysOf(PROGRAMS);
  const rows = keysOf(MODES).map((mode) =>
    line([sentence(MODES[mode].title), ...programs.map((one) => applies(PROGRAM_CELLS[mode][one]))]),
  );
  const head = ['Way in', ...programs.map((one) => PROGRAMS[one])];
  return [line(head), line(head.map(() => '---')), ...rows].join('\n');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function streamWayTable(): string {
  const clients = keysOf(STREAM_CLIENTS);
  const rows = keysOf(MODES).map((mode) =>
    line([sentence(MODES[mode].title), ...clients.map((client) => applies(goes(mode, client)))]),
  );
  const head = ['Way in', ...clients.map((client) => STREAM_CLIENTS[client].title)];
  return [line(head), line(head.map(() => '---')), ...rows].join('\n');
}

function streamCellTable(): string {
  const kinds = { websocket: 'WebSocket', grpc: 'gRPC' } as const;
  const rows = keysOf(kinds).flatMap((kind) =>
    keysOf(ASKS).map((ask) => {
      const cell = STREAM_CELLS[kind][ask];
      const told =
        'because' in cell
          ? [`n/a: ${cell.because}`, 'n/a', 'n/a']
          : [cell.sees, code(cell.record), cell.hits === 0 ? 'nothing' : 'the handshake or call'];
      return line([kinds[kind], ASKS[ask], ...told]);
    }),
  );
  const head = ['Stream', 'Asked', 'Client sees', 'Decision', 'Destination sees'];
  return [line(head), line(head.map(() => '---')), ...rows].join('\n');
}

function nameTable(): string {
  const rows = DISAGREEMENTS.map(({ mode, says, sees, records, arrives, cause }) =>
    line([
      sentence(MODES[mode].title),
      says,
      code(sees),
      records.length === 0 ? 'none' : records.map(code).join(', then ') + (cause ? ` (${code(cause)})` : ''),
      arrives === undefined ? 'nothing' : `the request, as ${arrives}`,
    ]),
  );
  const head = ['Way in', 'The client names', 'It sees', 'Decisions', 'Destination sees'];
  return [line(head), line(head.map(() => '---')), ...rows].join('\n');
}

function applies(cell: true | NotApplicable): string {
  return cell === true ? 'yes' : `n/a: ${cell.because}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
