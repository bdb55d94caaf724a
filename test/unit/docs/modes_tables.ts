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
export const TABLES = { verdicts: verdictTables, programs: programTable } as const;

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
  if ('because' in cell) return `n/a: ${cell.because} | | `;
  const { answer, records, hits } = cell;
  const decisions = records.length === 0 ? 'none; counted in a `gap`' : records.map(code).join(', then ');
  return `${code(answer)} | ${decisions} | ${hits === 0 ? 'nothing' : 'the request'}`;
}

function programTable(): string {
  const programs = keysOf(PROGRAMS);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = keysOf(MODES).map((mode) =>
    line([sentence(MODES[mode].title), ...programs.map((one) => applies(PROGRAM_CELLS[mode][one]))]),
  );
  const head = ['Way in', ...programs.map((one) => PROGRAMS[one])];
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
