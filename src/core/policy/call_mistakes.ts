import type { Match, ProtocolMatch } from '../../gen/policy_document.ts';
import { isHiddenName } from '../ai/resource_name.ts';
import { type Mistake, mistake } from './mistakes.ts';

/** The kinds of calls that have a thing. */
const KINDS = {
  providers: ['llm'],
  endpoints: ['llm'],
  models: ['llm'],
  tools: ['llm'],
  methods: ['mcp', 'a2a'],
  targets: ['mcp'],
} as const satisfies Partial<Record<keyof ProtocolMatch, readonly string[]>>;

/**
 * Predicates about calls of AI beside another kind, and lists that turn against whoever writes them.
 * @param grants whether the match says what is allowed: an allow rule or an exception.
 */
export function callMistakes({ protocol }: Match, at: string, grants: boolean): readonly Mistake[] {
  if (protocol === undefined) return [];
  const { kind, tools } = protocol;
  const found: Mistake[] = [];
  for (const [key, kinds] of Object.entries(KINDS)) {
    if (protocol[key as keyof ProtocolMatch] === undefined || kinds.some((one) => one === kind)) continue;
    const hint = `${key} belongs to kind: ${kinds.join(' or ')}`;
    found.push(
      mistake('CALL_PREDICATE_UNUSED', `${at}/protocol/${key}`, `${key} beside kind: ${kind}`, hint),
    );
  }
  if (tools?.only !== undefined && !grants) {
    const hint =
      'a call without tools has only allowed ones, too; write any_of with the tools that are meant';
    found.push(
      mistake('TOOLS_ONLY_UNUSED', `${at}/protocol/tools/only`, 'only beside what is not allowed', hint),
    );
  }
  protocol.targets?.forEach((name, i) => {
    const hint =
      'end the name of the resource behind the ? or #, and write scheme://@host for one with a user';
    if (isHiddenName(name))
      found.push(
        mistake('CALL_PREDICATE_UNUSED', `${at}/protocol/targets/${i}`, 'no call is known by that', hint),
      );
  });
  if (tools?.any_of?.length === 0)
    found.push(mistake('EMPTY_LIST', `${at}/protocol/tools/any_of`, 'the list is empty', 'name tools'));
  return found;
}
