import { readFileSync } from 'node:fs';

const FILE = new URL('../../../docs/inspection.md', import.meta.url);

/** First cells of the tables below the heading, in their order. */
export function documentedAttempts(): string[] {
  const [, section = ''] = readFileSync(FILE, 'utf8').split('\n## Attempts to get past it\n');
  const [own = ''] = section.split('\n## ');
  const rows = own.split('\n').filter((line) => line.startsWith('| ') && !/^\| (?:Attempt|---)/.test(line));
  return rows.map((row) => row.split(' | ')[0]?.slice(2) ?? '');
}
