import type { ConfigProblem } from './problem.ts';
import type { Settings } from './settings.ts';

const [FILE, DIGEST] = ['ai.prices_file', 'ai.prices_digest'] as const;

/** A list of one's own, exactly when it is named and pinned. */
export function pricesSettings(read: {
  has(key: string): boolean;
  text(key: string): string;
}): Settings['ai'] {
  if (!read.has(FILE) || !read.has(DIGEST)) return {};
  return { prices: { file: read.text(FILE), digest: read.text(DIGEST) } };
}

/** A list without its digest could be exchanged by whoever writes the file; a digest alone pins nothing. */
export function pricesProblems(values: ReadonlyMap<string, unknown>): readonly ConfigProblem[] {
  const missing = [FILE, DIGEST].filter((key) => !values.has(key));
  if (missing.length !== 1) return [];
  const [key = ''] = missing;
  const allowed = `${FILE} and ${DIGEST} together, or neither of them`;
  return [{ where: 'configuration', key, found: 'nothing beside the other one', allowed }];
}
