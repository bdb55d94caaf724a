import { type Agent, API_KEYS_MAX, type ApiKeyEntry } from '../core/identity/agent.ts';
import { createApiKey, hashApiKey, keyIdOf } from './api_key.ts';

/** A key at the only moment that it exists in clear. */
export interface IssuedKey {
  readonly api_key: string;
  readonly entry: ApiKeyEntry;
}

/** Makes a key; show `api_key` once and store `entry`. */
export function issueKey(now_ms: number): IssuedKey {
  const api_key = createApiKey();
  const sha256 = hashApiKey(api_key);
  return { api_key, entry: { key_id: keyIdOf(sha256), sha256, created_at: stamp(now_ms) } };
}

/** Adds a key; the live ones end after the overlap, or at once without one. A key never gains time. */
export function rotateKeys(agent: Agent, fresh: ApiKeyEntry, now_ms: number, overlap_ms: number): Agent {
  const now = stamp(now_ms);
  const end = stamp(now_ms + overlap_ms);
  const ended = agent.api_keys.map((key) => {
    if (!isLive(key, now_ms)) return key;
    if (overlap_ms === 0) return { ...key, revoked_at: now };
    return {
      ...key,
      expires_at: key.expires_at !== undefined && key.expires_at < end ? key.expires_at : end,
    };
  });
  return { ...agent, api_keys: [...forgetDead(ended, now_ms), fresh] };
}

export function isLive(key: ApiKeyEntry, now_ms: number): boolean {
  if (key.revoked_at !== undefined) return false;
  return key.expires_at === undefined || key.expires_at > stamp(now_ms);
}

/** Makes room for one more: the oldest dead keys go first; their ids stay in the receipts. */
function forgetDead(keys: readonly ApiKeyEntry[], now_ms: number): readonly ApiKeyEntry[] {
  let excess = keys.length + 1 - API_KEYS_MAX;
  if (excess <= 0) return keys;
  const oldestFirst = [...keys].sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
  return oldestFirst.filter((key) => isLive(key, now_ms) || excess-- <= 0);
}

function stamp(ms: number): string {
  return new Date(ms).toISOString();
}
