import { fail, ok, type Result } from '../result.ts';

/** Values of a text that are looked at. */
export interface Wanted {
  /** RFC 6901; the empty pointer is the whole text. */
  readonly pointer: string;
  /** Not the value at the pointer, which must be an array, but each of its elements by itself. */
  readonly each: boolean;
}

export interface SelectionProblem {
  readonly code: 'POINTER_INVALID' | 'POINTERS_OVERLAP' | 'TOO_MANY_POINTERS';
  readonly pointer: string;
}

/** A place on the way to wanted values. */
export interface SelectionNode {
  readonly children: Map<string, SelectionNode>;
  wanted?: Wanted;
}

export const POINTERS_MAX = 256;
const POINTER = /^(?:\/(?:[^~/]|~[01])*)*$/;

/** The wanted values as a tree. One inside another is refused: a value is handed out once. */
export function selectionOf(wanted: readonly Wanted[]): Result<SelectionNode, SelectionProblem> {
  const root: SelectionNode = { children: new Map() };
  for (const [index, one] of wanted.entries()) {
    const { pointer } = one;
    if (index >= POINTERS_MAX) return fail({ code: 'TOO_MANY_POINTERS', pointer });
    if (!POINTER.test(pointer)) return fail({ code: 'POINTER_INVALID', pointer });
    const node = grow(root, pointer);
    if (node === undefined) return fail({ code: 'POINTERS_OVERLAP', pointer });
    node.wanted = one;
  }
  return ok(root);
}

/** The place of a pointer, unless a wanted value lies on the way, there or below. */
function grow(root: SelectionNode, pointer: string): SelectionNode | undefined {
  let node = root;
  for (const token of pointer.split('/').slice(1)) {
    if (node.wanted !== undefined) return undefined;
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const child = node.children.get(name) ?? { children: new Map() };
    node.children.set(name, child);
    node = child;
  }
  return node.wanted === undefined && node.children.size === 0 ? node : undefined;
}
