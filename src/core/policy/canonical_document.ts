import type { Match, PolicyDocument } from '../../gen/policy_document.ts';
import { formatHostPattern, parseHostPattern } from './hosts.ts';
import { canonicalSchema } from './schemas.ts';

/**
 * The document with every host in its canonical spelling: what is hashed, archived and compiled again by replay.
 * So the digest covers what IDNA made of a name, and replay never depends on the tables of another version. Schemas are
 * texts with sorted keys.
 */
export function canonicalDocument(document: PolicyDocument): PolicyDocument {
  return {
    ...document,
    ...(document.schemas ? { schemas: document.schemas.map(canonicalSchema) } : {}),
    rules: document.rules.map(withCanonicalMatch),
    ...(document.limits ? { limits: document.limits.map(withCanonicalMatch) } : {}),
    ...(document.exceptions ? { exceptions: document.exceptions.map(withCanonicalMatch) } : {}),
  };
}

function withCanonicalMatch<T extends { match?: Match }>(item: T): T {
  const hosts = item.match?.destination?.hosts;
  if (!hosts) return item;
  const destination = { ...item.match?.destination, hosts: [...new Set(hosts.map(canonicalHost))] };
  return { ...item, match: { ...item.match, destination } };
}

function canonicalHost(text: string): string {
  const pattern = parseHostPattern(text);
  if (!pattern.ok) throw new Error('a canonical document is made from a checked one');
  return formatHostPattern(pattern.value);
}
