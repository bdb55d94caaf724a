import type { StreamCaps } from '../verdict/stream_caps.ts';

/** What allow rules ask of a stream, added up: the smallest of each cap, and `block` before `observe`. */
export class StreamDemands {
  #caps: StreamCaps | undefined;

  add(caps: StreamCaps | undefined): void {
    if (caps === undefined) return;
    this.#caps = this.#caps === undefined ? caps : tighter(this.#caps, caps);
  }

  outcome(): { readonly stream?: StreamCaps } {
    return this.#caps === undefined ? {} : { stream: this.#caps };
  }
}

const CAPS = ['max_bytes', 'max_seconds', 'max_message_bytes'] as const;

function tighter(a: StreamCaps, b: StreamCaps): StreamCaps {
  const found: { -readonly [K in keyof StreamCaps]: StreamCaps[K] } = {};
  for (const cap of CAPS) {
    const least = Math.min(a[cap] ?? Number.POSITIVE_INFINITY, b[cap] ?? Number.POSITIVE_INFINITY);
    if (Number.isFinite(least)) found[cap] = least;
  }
  const frames = a.frames === 'block' ? a.frames : (b.frames ?? a.frames);
  return frames === undefined ? found : { ...found, frames };
}

export function isSameStream(a: StreamCaps | undefined, b: StreamCaps | undefined): boolean {
  return a?.frames === b?.frames && CAPS.every((cap) => a?.[cap] === b?.[cap]);
}

/** One line for people and for comparisons: `max_bytes 5, frames block`; without caps `-`. */
export function streamText(caps: StreamCaps | undefined): string {
  const parts = ([...CAPS, 'frames'] as const).flatMap((name) =>
    caps?.[name] === undefined ? [] : [`${name} ${caps[name]}`],
  );
  return parts.length === 0 ? '-' : parts.join(', ');
}
