import { type AiReading, readAiRequest } from '../core/ai/ai_request.ts';
import type { Provider } from '../core/ai/facts.ts';
import type { AiRequestInput } from '../core/ai/llm_request.ts';
import type { PriceTable } from '../core/ai/prices.ts';
import { JSON_LIMITS } from '../core/body/json_limits.ts';
import { parseAuthority } from '../core/request/host.ts';
import { readBody } from './ai_body.ts';
import { boundOf, type CostBound } from './ai_cost.ts';
import { readingText } from './ai_text.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { bytesOf, type Pieces } from './input_bytes.ts';
import type { PlacedProblem } from './json_text.ts';
import type { Write } from './output.ts';

export interface AiReadArgs {
  /** Where the body is; absent: there is none. */
  readonly file?: string;
  readonly host: string;
  /** With its query. */
  readonly path: string;
  readonly method: string;
  /** `name: value`, as given. */
  readonly headers: readonly string[];
  /** What the rule would say. */
  readonly protocol?: 'llm' | 'mcp' | 'a2a';
  readonly provider?: Provider;
  readonly json: boolean;
}

export interface RequestReport {
  readonly reading: AiReading;
  readonly cost?: CostBound;
  /** Why the body is none that is read. */
  readonly body_problem?: PlacedProblem;
}

/**
 * `ai read`: what is understood of a request. Says no when it is unknown or when its body is no JSON. Neither headers
 * nor the query are ever repeated: they may carry credentials.
 */
export async function aiRead(
  args: AiReadArgs,
  pieces: Pieces | undefined,
  prices: () => PriceTable,
  out: Write,
): Promise<ExitCode> {
  const input = withoutBody(args);
  const bytes = pieces === undefined ? new Uint8Array(0) : await bytesOf(pieces, JSON_LIMITS.bytesMax);
  const report = reportOf(input, bytes, prices);
  if (args.json) out(`${JSON.stringify(report)}\n`);
  else out(readingText(args.file ?? '-', report));
  return report.reading.kind === 'unknown' || report.body_problem !== undefined ? EXIT.no : EXIT.ok;
}

function reportOf(
  input: Omit<AiRequestInput, 'body_bytes'>,
  bytes: Uint8Array,
  prices: () => PriceTable,
): RequestReport {
  const body = bytes.length === 0 ? undefined : readBody(bytes);
  const parsed = body?.ok === true ? { body: body.value } : {};
  const reading = readAiRequest({ ...input, ...parsed, body_bytes: bytes.length });
  const cost = reading.kind === 'llm' ? { cost: boundOf(prices(), reading) } : {};
  return { reading, ...cost, ...(body?.ok === false ? { body_problem: body.problem } : {}) };
}

function withoutBody(args: AiReadArgs): Omit<AiRequestInput, 'body_bytes'> {
  const authority = parseAuthority(args.host);
  if (!authority.ok) {
    const next = 'give the host alone, such as api.openai.com or 127.0.0.1:11434';
    throw new CliError(EXIT.usage, `--host is no host (${authority.problem})`, next);
  }
  if (!args.path.startsWith('/'))
    throw new CliError(EXIT.usage, '--path must begin with /', 'give it as it is sent, such as /v1/messages');
  const cut = args.path.indexOf('?');
  const [path, query] = cut < 0 ? [args.path] : [args.path.slice(0, cut), args.path.slice(cut + 1)];
  const word = wordOf(args);
  return {
    host: authority.value.host,
    method: args.method,
    path,
    ...(query === undefined ? {} : { query }),
    headers: args.headers.map(headerOf),
    ...(word === undefined ? {} : { word }),
  };
}

function wordOf({ protocol, provider }: AiReadArgs): AiRequestInput['word'] {
  if (protocol === undefined) {
    if (provider === undefined) return undefined;
    throw new CliError(EXIT.usage, '--provider needs --protocol llm');
  }
  return provider === undefined ? { kind: protocol } : { kind: protocol, provider };
}

/** The mistake is told by its number: the text may be a credential. */
function headerOf(text: string, index: number): { readonly name: string; readonly value: string } {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { name, value };
  throw new CliError(
    EXIT.usage,
    `the header number ${index + 1} is not of the form 'name: value'`,
    "write it as --header 'mcp-method: tools/call'",
  );
}
