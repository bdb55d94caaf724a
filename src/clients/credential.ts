import { fail, ok, type Result } from '../core/result.ts';

export interface Credential {
  readonly agent_id: string;
  readonly api_key: string;
}

export const CREDENTIAL_BYTES_MAX = 65_536;
const AGENT_ID = /^[a-z0-9._-]{1,64}$/;
const API_KEY = /^cgk_[A-Za-z0-9_-]{1,128}$/;
/** A signed token in compact form may stand in the place of a key. */
const TOKEN = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const ALLOWED =
  'allowed: one line with a key, one line agent:key, or JSON {"agent_id": …, "api_key": …}, also as {"agents": […]}';

/**
 * Reads what a credentials file or standard input holds. `agent` picks one, and is needed for a bare key. Problems
 * never repeat the text: it may be a secret in another form.
 */
export function parseCredential(text: string, agent: string | undefined): Result<Credential, string> {
  if (text.length > CREDENTIAL_BYTES_MAX) return fail(`more than ${CREDENTIAL_BYTES_MAX} bytes; ${ALLOWED}`);
  const candidates = text.trimStart().startsWith('{') ? fromJson(text) : fromLine(text.trim(), agent);
  const named = candidates.filter((one) => agent === undefined || one.agent_id === agent);
  const [found] = named;
  if (found !== undefined) return ok(found);
  if (candidates.length > 0) return fail(`no credential of agent '${(agent ?? '').slice(0, 64)}' in it`);
  if (isSecret(text.trim())) return fail('a key without its agent; add --agent <id>');
  return fail(`no credential in it; ${ALLOWED}`);
}

function fromLine(line: string, agent: string | undefined): readonly Credential[] {
  const colon = line.indexOf(':');
  const agent_id = colon === -1 ? agent : line.slice(0, colon);
  return accepted({ agent_id, api_key: line.slice(colon + 1) });
}

function fromJson(text: string): readonly Credential[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return [];
  }
  const agents: unknown = isObject(document) && 'agents' in document ? document['agents'] : [document];
  return Array.isArray(agents) ? agents.flatMap(accepted) : [];
}

function accepted(value: unknown): readonly Credential[] {
  if (!isObject(value)) return [];
  const { agent_id, api_key } = value;
  if (typeof agent_id !== 'string' || !AGENT_ID.test(agent_id)) return [];
  return typeof api_key === 'string' && isSecret(api_key) ? [{ agent_id, api_key }] : [];
}

function isSecret(text: string): boolean {
  return API_KEY.test(text) || TOKEN.test(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The proxy's URL for this agent. Only for a child's environment: whoever can read the text has the key. */
export function proxyUrlFor(explicit_proxy: string, credential: Credential | undefined): string {
  const proxy = new URL(explicit_proxy);
  if (credential !== undefined) {
    proxy.username = credential.agent_id;
    proxy.password = credential.api_key;
  }
  return proxy.href.replace(/\/$/, '');
}
