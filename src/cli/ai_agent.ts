import { type AgentAnswer, type AgentCard, readAgentAnswer, readAgentCard } from '../core/ai/agent_answer.ts';
import type { Unknown } from '../core/ai/facts.ts';
import { JSON_LIMITS } from '../core/body/json_limits.ts';
import type { JsonValue } from '../core/canonical/json_value.ts';
import { SseReader } from '../core/sse/event_reader.ts';
import type { StreamProblem } from './ai_answer.ts';
import { readBody } from './ai_body.ts';
import { agentText } from './ai_text.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { bytesOf, type Pieces } from './input_bytes.ts';
import type { PlacedProblem } from './json_text.ts';
import type { Write } from './output.ts';

export interface AiAgentArgs {
  readonly file: string;
  /** An agent card instead of an answer. */
  readonly card: boolean;
  readonly framing: 'json' | 'sse';
  readonly json: boolean;
}

export interface AgentReport {
  /** In their order; of a body and of a card one. */
  readonly messages: readonly (AgentAnswer | AgentCard | Unknown)[];
  readonly body_problem?: PlacedProblem;
  readonly stream_problem?: StreamProblem;
}

/** `ai agent`: what a server of MCP or A2A says. Says no when some of it is not understood. */
export async function aiAgent(args: AiAgentArgs, pieces: Pieces, out: Write): Promise<ExitCode> {
  const read = args.card ? readAgentCard : readAgentAnswer;
  const report = args.framing === 'json' ? await whole(pieces, read) : await streamed(pieces, read);
  out(args.json ? `${JSON.stringify(report)}\n` : agentText(args.file, report));
  const isUnderstood = report.messages.every((one) => !('kind' in one) || one.kind !== 'unknown');
  const isSound = report.body_problem === undefined && report.stream_problem === undefined;
  return isUnderstood && isSound ? EXIT.ok : EXIT.no;
}

type Read = (value: JsonValue) => AgentReport['messages'][number];

async function whole(pieces: Pieces, read: Read): Promise<AgentReport> {
  const value = readBody(await bytesOf(pieces, JSON_LIMITS.bytesMax));
  return value.ok ? { messages: [read(value.value)] } : { messages: [], body_problem: value.problem };
}

async function streamed(pieces: Pieces, read: Read): Promise<AgentReport> {
  const [reader, encoder] = [new SseReader(), new TextEncoder()];
  const messages: AgentReport['messages'][number][] = [];
  for await (const piece of pieces) {
    const { events, violation } = reader.feed(piece);
    for (const { data } of events) {
      // An event without data only says where to go on.
      if (data === '') continue;
      const value = readBody(encoder.encode(data));
      if (!value.ok) return { messages, body_problem: value.problem };
      messages.push(read(value.value));
    }
    if (violation !== undefined) return { messages, stream_problem: violation };
  }
  return { messages, ...(reader.place === 'inside' ? { stream_problem: 'ENDS_INSIDE_EVENT' } : {}) };
}
