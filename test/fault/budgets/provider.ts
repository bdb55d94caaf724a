import http from 'node:http';
import type { Socket } from 'node:net';
import { keptOpen } from '../../support/kept_open.ts';

/** What a call is to come to; it stands in its path, so that a provider without memory can play it. */
export interface Play {
  readonly nonce: string;
  readonly input: number;
  readonly output: number;
  /** Before the answer. */
  readonly delayMs: number;
  /** `hang`: stops in the middle of the answer; `reset`: breaks it off there; `mute`: the whole answer, without usage. */
  readonly ending: 'complete' | 'hang' | 'reset' | 'mute';
}

export interface Provider {
  readonly port: number;
  /** Nonces of the calls that arrived, in order. */
  readonly arrived: string[];
  close(): Promise<void>;
}

const PATH = /^\/play\/(\d+)\/(\d+)\/(\d+)\/([a-z]+)\/([a-z0-9-]+)\/chat\/completions$/;

export function pathOf({ input, output, delayMs, ending, nonce }: Play): string {
  return `/play/${input}/${output}/${delayMs}/${ending}/${nonce}/chat/completions`;
}

/** Answers as a model in the format of OpenAI does, and counts tokens as it is told. */
export async function startProvider(address: string): Promise<Provider> {
  const arrived: string[] = [];
  const open = new Set<Socket>();
  const server = http.createServer((request, response) => {
    const play = playOf(request.url ?? '');
    let body = '';
    request.on('data', (part: Buffer) => {
      body += part;
    });
    if (play !== undefined) arrived.push(play.nonce);
    request.on('end', () => {
      const stream = play && JSON.parse(body).stream === true;
      setTimeout(
        () => (play ? (stream ? events : whole)(play, response) : response.writeHead(404).end()),
        play?.delayMs ?? 0,
      );
    });
  });
  keptOpen(server);
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, address, 1_024, resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the provider has no port');
  return {
    port: bound.port,
    arrived,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

function playOf(url: string): Play | undefined {
  const [, input, output, delayMs, ending, nonce = ''] = PATH.exec(url) ?? [];
  if (ending === undefined) return undefined;
  return {
    ...{ input: Number(input), output: Number(output), delayMs: Number(delayMs), nonce },
    ending: ending as Play['ending'],
  };
}

const ABOUT = { id: 'chatcmpl-1', created: 1, model: 'gpt-4o' };

function usageOf({ input, output, ending }: Play): { usage?: object } {
  if (ending === 'mute') return {};
  return { usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output } };
}

function whole(play: Play, response: http.ServerResponse): void {
  const message = { role: 'assistant', content: 'Yes.' };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  const text = JSON.stringify({ ...ABOUT, object: 'chat.completion', choices, ...usageOf(play) });
  const length = { 'content-length': String(text.length) };
  response.writeHead(200, { 'content-type': 'application/json', ...length });
  if (play.ending === 'complete' || play.ending === 'mute') response.end(text);
  else breakOff(play, response, text.slice(0, 40));
}

function events(play: Play, response: http.ServerResponse): void {
  const chunk = (choices: object[], more: object = {}) =>
    `data: ${JSON.stringify({ ...ABOUT, object: 'chat.completion.chunk', choices, ...more })}\n\n`;
  const piece = (delta: object, finish_reason: string | null = null) =>
    chunk([{ index: 0, delta, finish_reason }]);
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(piece({ role: 'assistant', content: 'Ye' }));
  if (play.ending === 'hang' || play.ending === 'reset') breakOff(play, response, piece({ content: 's' }));
  else {
    response.write(piece({ content: 's.' }) + piece({}, 'stop'));
    response.end(`${play.ending === 'mute' ? '' : chunk([], usageOf(play))}data: [DONE]\n\n`);
  }
}

function breakOff({ ending }: Play, response: http.ServerResponse, beginning: string): void {
  response.write(beginning, () => {
    if (ending === 'reset') setTimeout(() => response.destroy(), 50);
  });
}
