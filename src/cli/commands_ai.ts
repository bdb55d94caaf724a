import { type Command, Option } from 'commander';
import type { AnswerKind } from '../core/ai/answer_reader.ts';
import { PROVIDERS, type Provider } from '../core/ai/facts.ts';
import type { PriceTable } from '../core/ai/prices.ts';
import { examplesOf, finish } from './action.ts';
import type { AiAnswerArgs } from './ai_answer.ts';
import type { Flags } from './options.ts';
import { toStdout } from './output.ts';

const DIALECTS: readonly AnswerKind['dialect'][] = ['openai', 'anthropic', 'gemini', 'ollama'];
const ENDPOINTS: readonly AnswerKind['endpoint'][] = [
  'chat',
  'completions',
  'responses',
  'embeddings',
  'messages',
  'count_tokens',
  'generate',
];
const FRAMINGS = ['sse', 'ndjson'] as const;
const CONFIG =
  'configuration file with ai.prices_file (default: clawgress.yaml in this folder, when there is one)';
const PROTOCOLS = ['llm', 'mcp', 'a2a'] as const;

/** A dry run of what is understood of AI traffic. */
export function registerAi(program: Command): void {
  const ai = program.command('ai').description('what is understood of calls of models, tools and agents');
  registerRead(ai);
  registerAnswer(ai);
  registerAgent(ai);
}

function registerRead(ai: Command): void {
  const read = ai
    .command('read [file]')
    .description(
      'what a request is: provider, model, tools, estimated tokens, bound of the cost; or why unknown',
    )
    .requiredOption('--host <host>', 'where it is sent')
    .requiredOption('--path <path>', 'path and query')
    .option('--method <method>', 'HTTP method', 'POST')
    .option(
      '--header <header>',
      "'name: value', may be repeated; leave credentials out, they are not looked at",
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .addOption(new Option('--protocol <kind>', 'what the rule would say').choices(PROTOCOLS))
    .addOption(new Option('--provider <name>', 'with --protocol llm, whose service').choices(PROVIDERS))
    .option('--config <file>', CONFIG)
    .option('--json', 'machine-readable output')
    .action(async (file: string | undefined, flags: Flags & { readonly header?: string[] }) => {
      const [{ aiRead }, { piecesOf }, prices] = await load(import('./ai_read.ts'), flags);
      const protocol = PROTOCOLS.find((name) => name === flags['protocol']);
      const args = {
        host: String(flags['host']),
        path: String(flags['path']),
        method: String(flags['method']),
        headers: flags.header ?? [],
        json: flags['json'] === true,
        ...(file === undefined ? {} : { file }),
        ...(protocol === undefined ? {} : { protocol }),
        ...providerIn(flags),
      };
      finish(await aiRead(args, file === undefined ? undefined : piecesOf(file), prices, toStdout));
    });
  examplesOf(read, [
    'clawgress ai read --host api.openai.com --path /v1/chat/completions request.json',
    "clawgress ai read --host tools.example.com --path /mcp --header 'mcp-protocol-version: 2025-11-25' - < call.json",
    'clawgress ai read --host agent.example.com --path /.well-known/agent-card.json --method GET --json',
  ]);
}

function registerAnswer(ai: Command): void {
  const answer = ai
    .command('answer <file>')
    .description('what an answer says: model, usage, cost, whole calls of tools, why it ended')
    .addOption(new Option('--dialect <name>', 'the wire format').choices(DIALECTS).makeOptionMandatory())
    .addOption(new Option('--endpoint <name>', 'as ai read says').choices(ENDPOINTS).makeOptionMandatory())
    .addOption(new Option('--sse', 'a stream of events').conflicts('ndjson'))
    .option('--ndjson', 'a stream of lines of JSON')
    .addOption(
      new Option('--provider <name>', 'whose prices (default: those of the dialect)').choices(PROVIDERS),
    )
    .option('--model <name>', 'the model of the request, where the answer names none')
    .option('--config <file>', CONFIG)
    .option('--json', 'machine-readable output')
    .action(async (file: string, flags: Flags) => {
      const [{ aiAnswer }, { piecesOf }, prices] = await load(import('./ai_answer.ts'), flags);
      const dialect = DIALECTS.find((name) => name === flags['dialect']) ?? 'openai';
      const endpoint = ENDPOINTS.find((name) => name === flags['endpoint']) ?? 'chat';
      const framing = FRAMINGS.find((name) => flags[name] === true) ?? 'json';
      const { model } = flags;
      const args: AiAnswerArgs = {
        ...{ file, framing, kind: { dialect, endpoint }, provider: dialect },
        ...providerIn(flags),
        json: flags['json'] === true,
        ...(typeof model === 'string' ? { model } : {}),
      };
      finish(await aiAnswer(args, piecesOf(file), prices, toStdout));
    });
  examplesOf(answer, [
    'clawgress ai answer --dialect openai --endpoint chat --sse stream.txt',
    'clawgress ai answer --dialect anthropic --endpoint messages --json answer.json',
    'clawgress ai answer --dialect ollama --endpoint chat --ndjson - < answer.ndjson',
  ]);
}

function registerAgent(ai: Command): void {
  const agent = ai
    .command('agent <file>')
    .description(
      'what a server of MCP or A2A says: result or error, tools, state of a task; or its agent card',
    )
    .addOption(new Option('--sse', 'a stream of events').conflicts('card'))
    .option('--card', 'an agent card')
    .option('--json', 'machine-readable output')
    .action(async (file: string, flags: Flags) => {
      const [{ aiAgent }, { piecesOf }] = await Promise.all([
        import('./ai_agent.ts'),
        import('./input_bytes.ts'),
      ]);
      const [card, framing] = [flags['card'] === true, flags['sse'] === true ? 'sse' : 'json'] as const;
      finish(await aiAgent({ file, card, framing, json: flags['json'] === true }, piecesOf(file), toStdout));
    });
  examplesOf(agent, [
    'clawgress ai agent tools.json',
    'clawgress ai agent --sse --json - < answers.txt',
    'clawgress ai agent --card agent-card.json',
  ]);
}

/** Prices are looked for when something has a price: without a call the configuration does not matter. */
async function load<T>(command: Promise<T>, flags: Flags) {
  const [{ priceList }, { settingsFor }] = await Promise.all([
    import('./price_list.ts'),
    import('./options.ts'),
  ]);
  const prices = (): PriceTable => priceList(settingsFor(flags).ai.prices);
  return [await command, await import('./input_bytes.ts'), prices] as const;
}

function providerIn(flags: Flags): { readonly provider?: Provider } {
  const provider = PROVIDERS.find((name) => name === flags['provider']);
  return provider === undefined ? {} : { provider };
}
