import type { DeclaredTool, Dialect, ToolChoice } from './facts.ts';
import { type Fields, isList, isObject } from './fields.ts';

/** Tools of one request; more is no list that anybody could judge. */
export const TOOLS_MAX = 1_024;

/** Tools of a request in any format. A tool that cannot be read is a problem of `body`, never left out. */
export function declaredTools(body: Fields, dialect: Dialect): readonly DeclaredTool[] {
  if (dialect === 'gemini') return [...body.objects('tools').flatMap(ofGemini), ...besideTools(body)];
  const tools = body.objects('tools').flatMap((tool) => ofTool(tool));
  const functions =
    dialect === 'openai' ? body.objects('functions').flatMap((tool) => named(tool, 'function')) : [];
  const servers =
    dialect === 'anthropic'
      ? body.objects('mcp_servers').flatMap((tool) => ofServer(tool, 'name', 'url'))
      : [];
  return [...tools, ...functions, ...servers, ...besideTools(body)];
}

/** Members beside the tools that let a provider look things up by itself, as a tool of its own would. */
const SEARCHES = ['web_search_options', 'search_parameters', 'plugins', 'data_sources'];
/** Members that name what the provider keeps of an earlier request, whose tools come along. */
const KEPT = ['cachedContent', 'cached_content', 'prompt'];

function besideTools(body: Fields): readonly DeclaredTool[] {
  const builtin = (name: string): DeclaredTool => ({ kind: 'builtin', name });
  const searches = SEARCHES.filter((name) => {
    const value = body.raw(name);
    return value !== undefined && value !== false && !(isList(value) && value.length === 0);
  });
  // A prompt that is no text is one of those that the provider keeps.
  const kept = KEPT.filter((name) =>
    name === 'prompt' ? isObject(body.raw(name)) : body.raw(name) !== undefined,
  );
  return [...searches, ...kept].map(builtin);
}

/** OpenAI nests functions in Chat Completions and not in Responses; Anthropic gives a type only to tools of its own. */
function ofTool(tool: Fields): readonly DeclaredTool[] {
  const type = tool.text('type');
  if (type === undefined || type === 'function' || type === 'custom') return ofFunction(tool);
  if (type === 'mcp') return ofServer(tool, 'server_label', 'server_url');
  if (type === 'namespace') return tool.objects('tools').flatMap((inner) => named(inner, 'function'));
  return [{ kind: 'builtin', name: type }];
}

/** Servers that know one of the places for a name pass over the other: two of them must not say two things. */
function ofFunction(tool: Fields): readonly DeclaredTool[] {
  const nested = ['function', 'custom'].flatMap((holder) => {
    tool.refuseOtherCase(holder);
    return tool.object(holder) ?? [];
  });
  const isFlat = nested.length === 0 || tool.raw('name') !== undefined;
  const found = [...nested, ...(isFlat ? [tool] : [])].flatMap((one) => named(one, 'function'));
  const [first, ...others] = found;
  if (others.some(({ name }) => name !== first?.name)) tool.refuse('name');
  return first === undefined ? [] : [first];
}

function named(tool: Fields, kind: 'function'): readonly DeclaredTool[] {
  const name = tool.text('name');
  tool.refuseOtherCase('name');
  if (name !== undefined && name !== '') return [{ kind, name }];
  tool.refuse('name');
  return [];
}

function ofServer(tool: Fields, label: string, address: string): readonly DeclaredTool[] {
  const name = tool.text(label);
  const url = tool.text(address);
  if (name === undefined) return tool.refuse(label) ?? [];
  // Its label is whatever the agent likes: what is asked is told by the address, which has to be listed as well.
  const origin = url === undefined ? tool.text('connector_id') : originOf(url);
  if (origin === undefined) return tool.refuse(address) ?? [];
  const server = { kind: 'mcp', ...(url === undefined ? {} : { url }) } as const;
  return [
    { ...server, name },
    { ...server, name: origin },
  ];
}

/** `https://host[:port]`. */
function originOf(url: string): string | undefined {
  return /^https?:\/\/[^/?#@\s]+(?=[/?#]|$)/i.exec(url)?.[0].toLowerCase();
}

/** Each member of a tool of Gemini is a tool; one holds the functions. */
function ofGemini(tool: Fields): readonly DeclaredTool[] {
  return tool.names.flatMap((name) =>
    name === 'functionDeclarations' || name === 'function_declarations'
      ? tool.objects(name).flatMap((inner) => named(inner, 'function'))
      : [{ kind: 'builtin', name } as const],
  );
}

const MODES: Readonly<Record<string, ToolChoice['mode']>> = {
  auto: 'auto',
  none: 'none',
  required: 'required',
  any: 'required',
  validated: 'auto',
};

export function toolChoice(body: Fields, dialect: Dialect): ToolChoice | undefined {
  if (dialect === 'gemini') return geminiChoice(body);
  const raw = body.raw('tool_choice');
  if (raw === undefined) return undefined;
  if (typeof raw === 'string') return { mode: modeOf(raw) };
  const choice = body.object('tool_choice');
  const name = choice?.object('function')?.text('name') ?? choice?.text('name');
  if (name !== undefined) return { mode: 'tool', name };
  return { mode: modeOf(choice?.text('type') ?? '') };
}

function geminiChoice(body: Fields): ToolChoice | undefined {
  const config = body.object(body.spelled('toolConfig', 'tool_config'));
  const calling = config?.object(config.spelled('functionCallingConfig', 'function_calling_config'));
  const mode = calling?.text('mode');
  return mode === undefined ? undefined : { mode: modeOf(mode.toLowerCase()) };
}

function modeOf(text: string): ToolChoice['mode'] {
  return Object.hasOwn(MODES, text) ? (MODES[text] ?? 'other') : 'other';
}
