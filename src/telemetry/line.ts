const OWN = new Set(['ts', 'level', 'part', 'msg']);

/** One JSON log line as a person reads it: `12:03:04 gateway  warn  the port is taken  port=3128`. */
export function lineOf(json: string): string {
  const entry = JSON.parse(json) as Record<string, unknown>;
  const time = String(entry['ts'] ?? '').slice(11, 19);
  const level = entry['level'] === 'info' ? '' : `${String(entry['level'])}: `;
  const fields = Object.entries(entry)
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => `${name}=${short(value)}`);
  const tail = fields.length > 0 ? `  ${fields.join(' ')}` : '';
  return `${time} ${String(entry['part'] ?? '').padEnd(8)} ${level}${String(entry['msg'] ?? '')}${tail}\n`;
}

function short(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : (JSON.stringify(value) ?? '');
}
