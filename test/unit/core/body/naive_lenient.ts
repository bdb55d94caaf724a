/**
 * Reads JSON with comments, trailing commas, single quotes and bare keys by recursive descent over characters: what a
 * text says that is not strict. Undefined when it says nothing. Knows nothing of how texts are repaired.
 */
export function naiveLenient(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    let text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(bytes)
      .replace(/^\ufeff/, '');
    const fence = /^(?:[ \t\r\n]*\n)?```[A-Za-z0-9]*[ \t]*\r?\n([\s\S]*)(?<=\n)```[ \t\r\n]*$/.exec(text);
    if (fence !== null) text = fence[1] ?? '';
    return { value: new Lenient(text).document() };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class Lenient {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  document(): unknown {
    const value = this.#value();
    this.#space();
    if (this.#at < this.#text.length) throw new SyntaxError('trailing');
    return value;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#text);
    if (found !== null) this.#at = sticky.lastIndex;
    return found;
  }

  #space(): void {
    while (this.#match(/[ \t\r\n]+|\/\/[^\r\n\u2028\u2029]*|\/\*[\s\S]*?\*\//) !== null);
  }

  #value(): unknown {
    this.#space();
    if (this.#match(/\{/) !== null) return this.#object();
    if (this.#match(/\[/) !== null) return this.#array();
    const literal = this.#match(/true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/);
    if (literal !== null) return JSON.parse(literal[0]);
    return this.#string();
  }

  #string(): string {
    const found = this.#match(/"(?:[^"\\]|\\[\s\S])*"/) ?? this.#match(/'(?:[^'\\]|\\[\s\S])*'/);
    if (found === null) throw new SyntaxError('value');
    const inner = found[0]
      .slice(1, -1)
      .replace(/\\[\s\S]|"/g, (one) => (one === '"' ? '\\"' : one === "\\'" ? "'" : one));
    return JSON.parse(`"${inner}"`) as string;
  }

  #array(): unknown[] {
    const all: unknown[] = [];
    for (;;) {
      this.#space();
      if (this.#match(/\]/) !== null) return all;
      all.push(this.#value());
      this.#space();
      if (this.#match(/,/) === null && this.#text[this.#at] !== ']') throw new SyntaxError('array');
    }
  }

  #object(): unknown {
    const all: [string, unknown][] = [];
    for (;;) {
      this.#space();
      if (this.#match(/\}/) !== null) return Object.fromEntries(all);
      const name = this.#match(/[A-Za-z_$][\w$]*/)?.[0] ?? this.#string();
      this.#space();
      if (this.#match(/:/) === null) throw new SyntaxError('colon');
      all.push([name, this.#value()]);
      this.#space();
      if (this.#match(/,/) === null && this.#text[this.#at] !== '}') throw new SyntaxError('object');
    }
  }
}
