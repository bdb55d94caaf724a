import { decodeBase64Strict } from '../core/canonical/base64.ts';
import { utf8DecodeStrict } from '../core/canonical/utf8.ts';
import { ID_PATTERN, type IdentityProblem, type Run } from '../core/identity/principal.ts';
import type { RawRequest } from '../core/request/egress_request.ts';
import { API_KEY_PREFIX } from '../core/request/headers.ts';
import { fail, ok, type Result } from '../core/result.ts';

/** The one credential of a request, still to be verified. Holds a secret: never log it, never keep it. */
export interface Presented {
  readonly kind: 'api_key' | 'jwt';
  readonly secret: string;
  /** The Basic user's agent id. */
  readonly claimed_agent?: string;
  /** Labels as sent; validity is judged once the agent is known. */
  readonly runs: readonly Run[];
}

interface Credential {
  readonly kind: 'api_key' | 'jwt';
  readonly secret: string;
  readonly user?: { readonly agent: string; readonly run?: string };
}

/** Longest credential header, in characters; a JWT of a cluster has about 1,200. */
export const CREDENTIAL_LENGTH_MAX = 12_288;

const PROXY_HEADER = 'proxy-authorization';
const KEY_HEADER = 'x-clawgress-key';
const RUN_HEADER = 'x-clawgress-run-id';
// Three dot-separated parts; an unsigned token has an empty third one and is refused for its algorithm, later.
const JWT_SHAPE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;
const AUTHORIZATION = /^(basic|bearer) +([\x21-\x7e]+)$/i;
const RUN_PARAMETER = ';run=';

/**
 * Finds the credential: `proxy-authorization` for the explicit proxy, `x-clawgress-key` for the base URL. The other
 * place may repeat it and nothing else: a request that speaks for two has no owner. Inside an intercepted tunnel,
 * whose owner is known, either place will do.
 */
export function presentedCredential(
  mode: RawRequest['mode'],
  headers: RawRequest['headers'],
): Result<Presented, IdentityProblem> {
  const proxy = valuesOf(headers, PROXY_HEADER);
  const keys = valuesOf(headers, KEY_HEADER);
  if (proxy.length > 1 || keys.length > 1) return fail('IDENTITY_CONFLICT');
  const fromProxy = proxy[0] === undefined ? undefined : readAuthorization(proxy[0]);
  const fromKey = keys[0] === undefined ? undefined : readSecret(keys[0]);
  const [main, other] = inOrder(mode, fromProxy, fromKey);
  if (!main) return fail('IDENTITY_MISSING');
  if (!main.ok) return main;
  if (other && !(other.ok && other.value.secret === main.value.secret)) return fail('IDENTITY_CONFLICT');
  const user = main.value.user ?? (other?.ok ? other.value.user : undefined);
  return ok(present(main.value, user, runsInHeaders(headers)));
}

/** The place where this mode expects the credential, then the other. Inside a tunnel either will do: none is needed. */
function inOrder<T>(mode: RawRequest['mode'], proxy: T | undefined, key: T | undefined) {
  const first = mode === 'explicit' || (mode === 'intercepted' && key === undefined) ? proxy : key;
  return [first, first === proxy ? key : proxy] as const;
}

function present(
  { kind, secret }: Credential,
  user: Credential['user'],
  inHeaders: readonly Run[],
): Presented {
  const runs = [...inHeaders];
  if (user?.run !== undefined) runs.push({ label: user.run, asserted_by: 'basic_user' });
  return { kind, secret, ...(user === undefined ? {} : { claimed_agent: user.agent }), runs };
}

/** Run labels that stand beside the credential, as sent. */
export function runsInHeaders(headers: RawRequest['headers']): readonly Run[] {
  return valuesOf(headers, RUN_HEADER).map((label) => ({ label, asserted_by: 'header' }));
}

function valuesOf(headers: RawRequest['headers'], name: string): readonly string[] {
  const values: string[] = [];
  for (const header of headers) if (header.name === name) values.push(header.value);
  return values;
}

function readAuthorization(value: string): Result<Credential, IdentityProblem> {
  if (value.length > CREDENTIAL_LENGTH_MAX) return fail('IDENTITY_MALFORMED');
  const [, scheme = '', parameter = ''] = AUTHORIZATION.exec(value.trim()) ?? [];
  return scheme.toLowerCase() === 'basic' ? readBasic(parameter) : readSecret(parameter);
}

function readBasic(parameter: string): Result<Credential, IdentityProblem> {
  const bytes = decodeBase64Strict(parameter);
  const text = bytes.ok ? utf8DecodeStrict(bytes.value) : bytes;
  const colon = text.ok ? text.value.indexOf(':') : -1;
  if (!text.ok || colon < 0) return fail('IDENTITY_MALFORMED');
  const user = readUser(text.value.slice(0, colon));
  const credential = readSecret(text.value.slice(colon + 1));
  if (!credential.ok) return credential;
  return user ? ok({ ...credential.value, user }) : fail('IDENTITY_MALFORMED');
}

/** `agent` or `agent;run=label`. */
function readUser(text: string): Credential['user'] {
  const at = text.indexOf(RUN_PARAMETER);
  const agent = at < 0 ? text : text.slice(0, at);
  if (!ID_PATTERN.test(agent)) return undefined;
  return at < 0 ? { agent } : { agent, run: text.slice(at + RUN_PARAMETER.length) };
}

function readSecret(text: string): Result<Credential, IdentityProblem> {
  if (text.length > CREDENTIAL_LENGTH_MAX) return fail('IDENTITY_MALFORMED');
  if (text.startsWith(API_KEY_PREFIX)) return ok({ kind: 'api_key', secret: text });
  return JWT_SHAPE.test(text) ? ok({ kind: 'jwt', secret: text }) : fail('IDENTITY_MALFORMED');
}
