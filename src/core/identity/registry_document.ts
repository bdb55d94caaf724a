import { type JsonValue, parseStrictJson } from '../canonical/jcs.ts';
import { fail, ok, type Result } from '../result.ts';
import {
  AGENTS_MAX,
  type Agent,
  API_KEYS_MAX,
  type ApiKeyEntry,
  CLAIM_LENGTH_MAX,
  KEY_ID_LENGTH,
  REGISTRY_BYTES_MAX,
  REGISTRY_SCHEMA,
  type RegistryDocument,
  SOURCES_MAX,
  SUBJECTS_MAX,
  type Subject,
} from './agent.ts';
import { DocumentReader, type Members, type RegistryProblem } from './document_reader.ts';
import { type AgentStatus, ID_PATTERN } from './principal.ts';
import { type AgentSource, parseNetwork, sourceName, UID_MAX } from './source.ts';

export type { RegistryProblem } from './document_reader.ts';

const STATUSES: readonly AgentStatus[] = ['active', 'disabled', 'quarantined'];
const TIMESTAMP =
  /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}\.[0-9]{3}Z$/;
const SHA256_HEX = /^[0-9a-f]{64}$/;
const FINGERPRINT = /^[\x21-\x7e]{1,128}$/;
/** Shown wherever a network is refused. */
export const NETWORK_ALLOWED =
  'a network in its shortest lower-case form, without bits set below its length, for instance 10.92.0.0/24 or fd00:92::/64';
const ID_ALLOWED = '1 to 64 of a-z 0-9 . _ -';

/** Reads a registry strictly: unknown members, duplicates and wrong types are problems, each with its JSON pointer. */
export function parseRegistry(bytes: Uint8Array): Result<RegistryDocument, readonly RegistryProblem[]> {
  if (bytes.length > REGISTRY_BYTES_MAX) {
    return fail([
      { pointer: '', message: 'file is too large', allowed: `at most ${REGISTRY_BYTES_MAX} bytes` },
    ]);
  }
  const json = parseStrictJson(bytes);
  if (!json.ok) {
    const message = `not strict JSON: ${json.problem.code} at offset ${json.problem.offset}`;
    return fail([{ pointer: '', message, allowed: 'UTF-8 JSON without duplicate keys' }]);
  }
  return readDocument(json.value);
}

function readDocument(value: JsonValue): Result<RegistryDocument, readonly RegistryProblem[]> {
  const reader = new DocumentReader();
  const root = reader.object(value, '', ['schema', 'agents']);
  reader.text(root, 'schema', (text) => text === REGISTRY_SCHEMA, REGISTRY_SCHEMA);
  const agents = reader
    .list(root, 'agents', AGENTS_MAX)
    .map((item) => readAgent(reader, item.value, item.pointer));
  refuseTwins(reader, agents);
  return reader.problems.length > 0 ? fail(reader.problems) : ok({ schema: REGISTRY_SCHEMA, agents });
}

function readAgent(reader: DocumentReader, value: JsonValue, pointer: string): Agent {
  const from = reader.object(value, pointer, [
    ...['tenant_id', 'agent_id', 'team_id', 'project_id', 'environment', 'status'],
    ...['workload_fingerprint', 'api_keys', 'subjects', 'sources'],
  ]);
  const id = (name: string) => reader.text(from, name, (text) => ID_PATTERN.test(text), ID_ALLOWED);
  const fingerprint = reader.optionalText(
    from,
    'workload_fingerprint',
    (text) => FINGERPRINT.test(text),
    'at most 128 printable ASCII characters',
  );
  return {
    tenant_id: id('tenant_id'),
    agent_id: id('agent_id'),
    team_id: id('team_id'),
    project_id: id('project_id'),
    environment: id('environment'),
    status: readStatus(reader, from),
    ...(fingerprint === undefined ? {} : { workload_fingerprint: fingerprint }),
    api_keys: reader
      .list(from, 'api_keys', API_KEYS_MAX)
      .map((item) => readKey(reader, item.value, item.pointer)),
    subjects: reader
      .list(from, 'subjects', SUBJECTS_MAX)
      .map((item) => readSubject(reader, item.value, item.pointer)),
    ...(from.members['sources'] === undefined
      ? {}
      : {
          sources: reader
            .list(from, 'sources', SOURCES_MAX)
            .map((item) => readSource(reader, item.value, item.pointer)),
        }),
  };
}

function readStatus(reader: DocumentReader, from: Members): AgentStatus {
  const text = reader.text(
    from,
    'status',
    (word) => STATUSES.some((status) => status === word),
    STATUSES.join(' | '),
  );
  return STATUSES.find((status) => status === text) ?? 'disabled';
}

function readKey(reader: DocumentReader, value: JsonValue, pointer: string): ApiKeyEntry {
  const from = reader.object(value, pointer, ['key_id', 'sha256', 'created_at', 'revoked_at', 'expires_at']);
  const sha256 = reader.text(from, 'sha256', (text) => SHA256_HEX.test(text), '64 lower-case hex digits');
  const isTime = (text: string) => TIMESTAMP.test(text);
  const key_id = reader.text(
    from,
    'key_id',
    (text) => text === sha256.slice(0, KEY_ID_LENGTH),
    `the first ${KEY_ID_LENGTH} characters of sha256`,
  );
  const created_at = reader.text(from, 'created_at', isTime, 'YYYY-MM-DDTHH:MM:SS.sssZ');
  const revoked_at = reader.optionalText(from, 'revoked_at', isTime, 'YYYY-MM-DDTHH:MM:SS.sssZ');
  const expires_at = reader.optionalText(from, 'expires_at', isTime, 'YYYY-MM-DDTHH:MM:SS.sssZ');
  return {
    key_id,
    sha256,
    created_at,
    ...(revoked_at === undefined ? {} : { revoked_at }),
    ...(expires_at === undefined ? {} : { expires_at }),
  };
}

function readSubject(reader: DocumentReader, value: JsonValue, pointer: string): Subject {
  const from = reader.object(value, pointer, ['issuer', 'subject']);
  const isClaim = (text: string) => text !== '' && text.length <= CLAIM_LENGTH_MAX;
  const allowed = `1 to ${CLAIM_LENGTH_MAX} characters`;
  return {
    issuer: reader.text(from, 'issuer', isClaim, allowed),
    subject: reader.text(from, 'subject', isClaim, allowed),
  };
}

function readSource(reader: DocumentReader, value: JsonValue, pointer: string): AgentSource {
  const isUid = typeof value === 'object' && value !== null && 'uid' in value;
  const from = reader.object(value, pointer, ['kind', isUid ? 'uid' : 'cidr']);
  const kind = isUid ? 'uid' : 'cidr';
  reader.text(from, 'kind', (text) => text === kind, `${kind}, beside ${kind}`);
  if (kind === 'uid') return { kind, uid: reader.integer(from, 'uid', UID_MAX) };
  const isNetwork = (text: string) => parseNetwork(text) !== undefined;
  return { kind, cidr: reader.text(from, 'cidr', isNetwork, NETWORK_ALLOWED) };
}

/** A credential that two agents could claim, or an id that two tenants share, would make evidence ambiguous. */
function refuseTwins(reader: DocumentReader, agents: readonly Agent[]): void {
  const seen = new Set<string>();
  const once = (kind: string, name: string, pointer: string) => {
    const key = `${kind} ${name}`;
    if (seen.has(key))
      reader.refuse(pointer, `this ${kind} appears twice`, 'one entry in the whole registry');
    seen.add(key);
  };
  for (const [index, agent] of agents.entries()) {
    const at = `/agents/${index}`;
    once('agent_id', agent.agent_id, `${at}/agent_id`);
    for (const [i, key] of agent.api_keys.entries()) once('key', key.sha256, `${at}/api_keys/${i}/sha256`);
    for (const [i, { issuer, subject }] of agent.subjects.entries()) {
      once('subject', JSON.stringify([issuer, subject]), `${at}/subjects/${i}`);
    }
    for (const [i, source] of (agent.sources ?? []).entries())
      once('source', sourceName(source), `${at}/sources/${i}`);
  }
}
