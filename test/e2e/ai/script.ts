/** What a scripted provider answers; the prompt alone says it. */
export interface Script {
  readonly text: readonly string[];
  /** Called in place of the text, its arguments cut into these pieces. */
  readonly tool?: { readonly name: string; readonly pieces: readonly string[] };
}

export const USAGE = { input: 12, output: 7 } as const;

/** `call <name>`: the model calls that tool. Anything else is answered in five words. */
export function scriptOf(prompt: string): Script {
  const name = /^call ([A-Za-z0-9_-]+)$/.exec(prompt)?.[1];
  if (name === undefined) return { text: ['The ', 'quick ', 'brown ', 'fox ', 'rests.'] };
  return { text: ['Let me see. '], tool: { name, pieces: ['{"account":', '"12-', '34","amount', '":5}'] } };
}

/** The last thing that a person says in a request of any format. */
export function promptOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return '';
  const { messages, input } = body as { messages?: unknown; input?: unknown };
  if (typeof input === 'string') return input;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const content = (last as { content?: unknown } | undefined)?.content;
  return typeof content === 'string' ? content : '';
}
