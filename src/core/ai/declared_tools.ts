import type { DeclaredTool, Dialect, ToolChoice } from './facts.ts';
import type { Fields } from './fields.ts';

/** Tools of one request; more is no list that anybody could judge. */
export const TOOLS_MAX = 1_024;

/** Tools of a request in any format. A tool that cannot be read is a problem of `body`, never left out. */
export function declaredTools(body: Fields, dialect: Dialect): readonly DeclaredTool[] {
  if (dialect === 'gemini') return body.objects('tools').flatMap(ofGemini);
  const tools = body.objects('tools').flatMap((tool) => ofTool(tool));
  const functions =
    dialect === 'openai' ? body.objects('functions').flatMap((tool) => named(tool, 'function')) : [];
  const servers =
    dialect === 'anthropic'
      ? body.objects('mcp_servers').flatMap((tool) => ofServer(tool, 'name', 'url'))
      : [];
  return [...tools, ...functions, ...servers];
}

/** OpenAI nests functions in Chat Completions and not in Responses; Anthropic gives a type only to tools of its own. */
function ofTool(tool: Fields): readonly DeclaredTool[] {
  const type = tool.text('type');
  for (const holder of ['function', 'custom']) {
    const nested = tool.object(holder);
    if (nested !== undefined) return named(nested, 'function');
  }
  if (type === undefined || type === 'function' || type === 'custom') return named(tool, 'function');
  if (type === 'mcp') return ofServer(tool, 'server_label', 'server_url');
  if (type === 'namespace') return tool.objects('tools').flatMap((inner) => named(inner, 'function'));
  return [{ kind: 'builtin', name: type }];
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
  if (name === undefined) tool.refuse(label);
  return name === undefined ? [] : [{ kind: 'mcp', name, ...(url === undefined ? {} : { url }) }];
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
