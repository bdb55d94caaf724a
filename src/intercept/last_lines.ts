/** Keeps the last lines of a stream for an error message. Bounded in lines and in bytes per line. */
export interface LastLines {
  push(chunk: string): void;
  lines(): readonly string[];
}

const LINES_MAX = 20;
const LINE_MAX_CHARS = 500;

export function lastLines(): LastLines {
  let kept: string[] = [];
  let open = '';
  return {
    push(chunk) {
      const parts = (open + chunk).split('\n');
      open = (parts.pop() ?? '').slice(0, LINE_MAX_CHARS);
      const whole = parts.filter((line) => line !== '').map((line) => line.slice(0, LINE_MAX_CHARS));
      kept = [...kept, ...whole].slice(-LINES_MAX);
    },
    lines: () => (open === '' ? kept : [...kept, open].slice(-LINES_MAX)),
  };
}
