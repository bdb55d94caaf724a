import type { CST } from 'yaml';
import { MAPPING_KEYS_MAX, SOURCE_DEPTH_MAX } from './bounds.ts';
import { type Mistake, mistake } from './mistakes.ts';

interface Refusal {
  readonly mistake: Mistake;
  readonly offset: number;
}

interface Visit {
  readonly token: CST.Token;
  readonly depth: number;
}

/**
 * Refuses what would cost the tree builder more than the text is long, or would give one value two spellings.
 * Iterative: the attack is a text of a million brackets.
 */
export function checkTokens(tokens: readonly CST.Token[]): Refusal | undefined {
  let documents = 0;
  for (const token of tokens) {
    if (token.type === 'directive')
      return refuse(token, 'DIRECTIVE_REFUSED', 'found a YAML directive', 'remove it');
    if (token.type !== 'document') continue;
    documents += 1;
    if (documents > 1) {
      return refuse(
        token,
        'SEVERAL_DOCUMENTS',
        'a second document begins here',
        'write one document in a file',
      );
    }
    const refusal = checkTree(token);
    if (refusal) return refusal;
  }
  return undefined;
}

function checkTree(document: CST.Document): Refusal | undefined {
  const open: Visit[] = document.value ? [{ token: document.value, depth: 1 }] : [];
  const refusal = checkProperties(document.start);
  if (refusal) return refusal;
  for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
    const refused = checkToken(visit, open);
    if (refused) return refused;
  }
  return undefined;
}

function checkToken({ token, depth }: Visit, open: Visit[]): Refusal | undefined {
  if (token.type === 'alias') return aliasRefusal(token);
  if (!('items' in token)) return undefined;
  if (depth > SOURCE_DEPTH_MAX) {
    return refuse(
      token,
      'NESTED_TOO_DEEPLY',
      'nested too deeply',
      `at most ${SOURCE_DEPTH_MAX} levels are read`,
    );
  }
  const isMapping =
    token.type === 'block-map' || (token.type === 'flow-collection' && token.start.source === '{');
  if (isMapping && token.items.length > MAPPING_KEYS_MAX + 1) {
    return refuse(
      token,
      'TOO_MANY_KEYS',
      'a mapping has too many keys',
      `at most ${MAPPING_KEYS_MAX} are read`,
    );
  }
  // Last first onto the stack, so that the first mistake of the text is the one that is named.
  for (const item of token.items.toReversed()) {
    if (item.value) open.push({ token: item.value, depth: depth + 1 });
    if (item.key) open.push({ token: item.key, depth: depth + 1 });
  }
  for (const item of token.items) {
    const refused = checkProperties(item.start) ?? checkProperties(item.sep ?? []);
    if (refused) return refused;
  }
  return undefined;
}

function checkProperties(tokens: readonly CST.SourceToken[]): Refusal | undefined {
  const anchor = tokens.find((token) => token.type === 'anchor');
  return anchor && aliasRefusal(anchor);
}

// An alias of aliases multiplies: ten lines can stand for a billion values.
function aliasRefusal(token: CST.Token): Refusal {
  return refuse(token, 'ALIAS_REFUSED', 'found an anchor or alias', 'write the value out');
}

function refuse(token: CST.Token, code: string, message: string, hint: string): Refusal {
  return { mistake: mistake(code, '', message, hint), offset: 'offset' in token ? token.offset : 0 };
}
