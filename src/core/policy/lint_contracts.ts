import type { PolicyDocument, Rule } from '../../gen/policy_document.ts';
import { hasTarget } from '../ai/mcp.ts';
import { formatOf } from './contract_plan.ts';
import { type Mistake, pointerOf, quoted, warning } from './mistakes.ts';
import type { PlanLimit } from './plan.ts';
import { schemaTableOf } from './schemas.ts';

/** Contracts and schemas that ask for nothing, or for what cannot be. */
export function contractWarnings(document: PolicyDocument, limits: readonly PlanLimit[]): readonly Mistake[] {
  const hasBudget = limits.some(({ budget }) => budget !== undefined);
  return [
    ...openSchemas(document),
    ...unusedSchemas(document),
    ...document.rules.flatMap((rule, i) => [
      ...neverFits(rule, i),
      ...pointless(rule, i, hasBudget),
      ...openTools(rule, i),
      ...untargeted(rule, i),
    ]),
  ];
}

/** What says something about a schema and nothing about values. */
const NOTES: readonly string[] = [
  ...['$schema', '$id', '$comment', '$defs', 'definitions'],
  ...['title', 'description', 'default', 'examples'],
];

function openSchemas(document: PolicyDocument): readonly Mistake[] {
  return [...schemaTableOf(document)].flatMap(([id, { text }], index) => {
    const value = JSON.parse(text) as boolean | object;
    const asks = value !== true && Object.keys(value).some((key) => !NOTES.includes(key));
    if (value === false || asks) return [];
    const message = `the schema ${quoted(id)} accepts everything`;
    return [
      warning('SCHEMA_OPEN', pointerOf('schemas', index, 'schema'), message, 'say what a body has to be'),
    ];
  });
}

function unusedSchemas({ schemas = [], rules }: PolicyDocument): readonly Mistake[] {
  const used = new Set(
    rules.flatMap(({ request, response }) => [request?.schema, request?.elements?.schema, response?.schema]),
  );
  return schemas.flatMap(({ id }, index) => {
    if (used.has(id)) return [];
    const hint = 'name it in a contract, or remove it; rules of other documents cannot use it';
    return [
      warning(
        'SCHEMA_UNUSED',
        pointerOf('schemas', index, 'id'),
        `no rule uses the schema ${quoted(id)}`,
        hint,
      ),
    ];
  });
}

const BODILESS: readonly string[] = ['GET', 'HEAD'];

function neverFits({ id, request, match }: Rule, index: number): readonly Mistake[] {
  if (request === undefined || formatOf(request) === 'any') return [];
  if (match?.methods?.every((method) => BODILESS.includes(method)) !== true) return [];
  const message = `the rule ${quoted(id)} asks for JSON where requests have no body`;
  const hint = 'it refuses all of them: add POST, PUT or PATCH to methods, or remove the contract';
  return [warning('CONTRACT_NEVER_FITS', pointerOf('rules', index, 'request'), message, hint)];
}

function pointless(
  { id, request, response, match }: Rule,
  index: number,
  hasBudget: boolean,
): readonly Mistake[] {
  const found: Mistake[] = [];
  const kind = match?.protocol?.kind;
  const isAgentTraffic = kind === 'mcp' || kind === 'a2a';
  const at = (...parts: string[]) => pointerOf('rules', index, ...parts);
  if (request?.ask_usage !== undefined && (isAgentTraffic || !hasBudget)) {
    const message = `the rule ${quoted(id)} asks for usage that nothing counts`;
    const hint = 'add a limit with tokens or usd_cents, or remove ask_usage';
    found.push(warning('USAGE_UNCOUNTED', at('request', 'ask_usage'), message, hint));
  }
  if (response?.tool_calls !== undefined && isAgentTraffic) {
    const message = `the rule ${quoted(id)} looks for tool calls of models in answers of kind ${kind}`;
    const hint =
      'models call tools in answers of kind llm; calls of mcp are requests: use methods and targets';
    found.push(warning('CONTRACT_NEVER_APPLIES', at('response', 'tool_calls'), message, hint));
  }
  return found;
}

function openTools({ id, action, match }: Rule, index: number): readonly Mistake[] {
  if (action !== 'allow' || match?.protocol?.tools?.any_of === undefined) return [];
  const message = `the allow rule ${quoted(id)} takes calls that declare other tools beside those of any_of`;
  const hint = 'write only to name all tools that may be declared';
  return [warning('TOOLS_OPEN', pointerOf('rules', index, 'match', 'protocol', 'tools'), message, hint)];
}

function untargeted({ id, match }: Rule, index: number): readonly Mistake[] {
  const { methods = [], targets } = match?.protocol ?? {};
  const never = targets === undefined ? [] : methods.filter((method) => !hasTarget(method));
  if (never.length === 0) return [];
  const message = `the rule ${quoted(id)} never matches ${never.map(quoted).join(', ')}: these have no target`;
  const hint = 'give methods without a target a rule of their own, without targets';
  const at = pointerOf('rules', index, 'match', 'protocol', 'methods');
  return [warning('METHOD_WITHOUT_TARGET', at, message, hint)];
}
