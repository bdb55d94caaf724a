import type { JsonValue } from '../canonical/json_value.ts';
import { LIBRARY_FILES_MAX } from './bounds.ts';
import { type Part, type PolicySource, readPart } from './part.ts';

/** The documents among which parents are looked for, by id. Nothing is read before the first question. */
export class Library {
  readonly #sources: readonly PolicySource[];
  #parts: Map<string, Part[]> | undefined;
  #unreadable: string[] = [];

  /** Files past `LIBRARY_FILES_MAX` are not looked at. */
  constructor(sources: readonly PolicySource[], parts?: readonly Part[]) {
    this.#sources = sources.slice(0, LIBRARY_FILES_MAX);
    if (parts) this.#parts = byId(parts);
  }

  /** Documents with this id; more than one is somebody's mistake. */
  find(id: string): readonly Part[] {
    this.#parts ??= this.#read();
    return this.#parts.get(id) ?? [];
  }

  /** Files that hold neither YAML nor JSON, so that what is missing may be in there. */
  get unreadable(): readonly string[] {
    return this.#unreadable;
  }

  #read(): Map<string, Part[]> {
    const parts: Part[] = [];
    for (const source of this.#sources) {
      const part = readPart(source);
      if (part.ok) parts.push(part.value);
      else this.#unreadable.push(source.file);
    }
    return byId(parts);
  }
}

function byId(parts: readonly Part[]): Map<string, Part[]> {
  const found = new Map<string, Part[]>();
  for (const part of parts) {
    const id = idOf(part.value);
    if (id !== undefined) found.set(id, [...(found.get(id) ?? []), part]);
  }
  return found;
}

function idOf(value: JsonValue): string | undefined {
  if (typeof value !== 'object' || value === null || !('id' in value)) return undefined;
  return typeof value['id'] === 'string' ? value['id'] : undefined;
}
