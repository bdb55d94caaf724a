const ESCAPES = /(?:%[0-9a-fA-F]{2})+/g;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes percent escapes once, as UTF-8; malformed escapes stay as they are, broken UTF-8 becomes U+FFFD. */
export function percentDecode(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(ESCAPES, (run) => {
    const bytes = new Uint8Array(run.length / 3);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(run.slice(3 * i + 1, 3 * i + 3), 16);
    return decoder.decode(bytes);
  });
}
