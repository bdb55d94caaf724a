/** Credentials as they look in text: our API keys, JWTs, and whatever follows an authentication scheme. */
const SECRETS: readonly RegExp[] = [
  /\bcgk_[A-Za-z0-9_-]+/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g,
  /\b(?<scheme>Basic|Bearer)\s+[A-Za-z0-9._~+/=-]{6,}/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
];

const SECRET_NAME =
  /^(authorization|proxy[-_]authorization|cookie|set-cookie|x-clawgress-key|api[-_]?key|token|secret|password|stamp)$/i;

export const REDACTED = '[redacted]';
const DEPTH_MAX = 6;
const TEXT_MAX = 4_096;

/** Text without credentials and of bounded length. The last line of defence: callers do not log secrets anyway. */
export function redactText(text: string): string {
  const cut = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text;
  return SECRETS.reduce((clean, pattern) => clean.replace(pattern, REDACTED), cut);
}

/** A copy of the value for the log: members with secret names and text that looks like a credential are replaced. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (value instanceof Error) return { name: value.name, message: redactText(value.message) };
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      SECRET_NAME.test(name) ? REDACTED : redact(member, depth + 1),
    ]),
  );
}
