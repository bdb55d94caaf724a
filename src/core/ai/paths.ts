import type { Dialect, Endpoint } from './facts.ts';

/** What a path may be the address of; several where only the body tells. */
export interface PathShape {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  /** No other kind of service is known to have such a path: a body of another shape is a contradiction. */
  readonly isTelling: boolean;
  /** Of a model, where the path names it. */
  readonly model?: string;
  readonly deployment?: string;
  /** Where the path, not the body, says so. */
  readonly stream?: boolean;
  /** Members that the model or the call stands in, one per member, where a batch is addressed. */
  readonly isBatch?: boolean;
}

type Tail = readonly [tail: string, dialect: Dialect, endpoint: Endpoint, isTelling: boolean];

/** Compared with the end of the path: services stand behind prefixes of all kinds. */
const TAILS: readonly Tail[] = [
  ['chat/completions', 'openai', 'chat', true],
  ['completions', 'openai', 'completions', false],
  ['responses', 'openai', 'responses', false],
  ['embeddings', 'openai', 'embeddings', false],
  ['v1/messages', 'anthropic', 'messages', false],
  ['messages/count_tokens', 'anthropic', 'count_tokens', true],
  ['api/chat', 'ollama', 'chat', false],
  ['api/generate', 'ollama', 'generate', false],
  ['api/embed', 'ollama', 'embeddings', false],
  ['api/embeddings', 'ollama', 'embeddings', false],
];

type Verb = readonly [endpoint: Endpoint, stream: boolean, isBatch: boolean];
const GEMINI_VERBS: Readonly<Record<string, Verb>> = {
  generateContent: ['generate', false, false],
  streamGenerateContent: ['generate', true, false],
  countTokens: ['count_tokens', false, false],
  embedContent: ['embeddings', false, false],
  batchEmbedContents: ['embeddings', false, true],
};
const GEMINI = /\/models\/([^/:]{1,256}):([A-Za-z]{1,40})$/;
/** Azure does not care for the case of its paths; `engines` is the older name. */
const DEPLOYMENT = /\/(?:openai\/deployments|engines)\/([^/]+)\//i;

/** `path` without query; a slash at its end changes nothing, because servers redirect or ignore it. */
export function pathShapes(path: string): readonly PathShape[] {
  const trimmed = withoutEndSlashes(path);
  const gemini = geminiShape(trimmed);
  if (gemini !== undefined) return [gemini];
  const deployment = DEPLOYMENT.exec(trimmed)?.[1];
  const shapes = TAILS.filter(([tail]) => trimmed.endsWith(`/${tail}`)).map(
    ([, dialect, endpoint, isTelling]): PathShape => ({ dialect, endpoint, isTelling }),
  );
  // The longer tail wins: `chat/completions` is no address of plain completions.
  const chosen = shapes.some(({ endpoint }) => endpoint === 'chat')
    ? shapes.filter(({ endpoint }) => endpoint === 'chat')
    : shapes;
  return chosen.map((shape) =>
    deployment === undefined || shape.dialect !== 'openai' ? shape : { ...shape, deployment },
  );
}

/** A list of models, which costs nothing and carries nothing. What is escaped could be a verb of Gemini. */
export function isModelList(method: string, path: string): boolean {
  return (method === 'GET' || method === 'HEAD') && /\/(?:models|api\/tags)(?:\/[^/:%]+)?$/.test(path);
}

/** A path as servers may take it that do not care for case, or leave out what is behind a semicolon. */
export function laxPath(path: string): string {
  return path.replace(/;[^/]*/g, '').toLowerCase();
}

function geminiShape(path: string): PathShape | undefined {
  const [, model, verb = ''] = GEMINI.exec(path) ?? [];
  if (model === undefined || !Object.hasOwn(GEMINI_VERBS, verb)) return undefined;
  const [endpoint, stream, isBatch] = GEMINI_VERBS[verb] ?? ['generate', false, false];
  return { dialect: 'gemini', endpoint, isTelling: true, model, stream, isBatch };
}

function withoutEndSlashes(path: string): string {
  let end = path.length;
  while (end > 0 && path.charAt(end - 1) === '/') end -= 1;
  return path.slice(0, end);
}
