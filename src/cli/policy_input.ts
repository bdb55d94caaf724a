import { readFileSync } from 'node:fs';
import { encodeJcs, parseStrictJson } from '../core/canonical/jcs.ts';
import { type Compilation, compileCanonical, compilePolicySet } from '../core/policy/compile.ts';
import type { PolicyProblem } from '../core/policy/compiled.ts';
import type { DocumentBytes } from '../core/policy_bundle/assemble.ts';
import { type BundleBody, parseBody } from '../core/policy_bundle/body.ts';
import type { NamedDocuments } from '../core/policy_bundle/difference.ts';
import { parseEnvelope } from '../core/policy_bundle/envelope.ts';
import { memberName } from '../core/policy_bundle/verify.ts';
import type { Result } from '../core/result.ts';
import type { PolicyDocument } from '../gen/policy_document.ts';
import { CliError, EXIT } from './exit.ts';
import { loadPolicy, PROCESS_IO } from './policy_files.ts';
import { problemLines } from './policy_text.ts';

/** A policy in any of its three forms: a document with its folder, compiled canonical bytes, or a bundle. */
export interface PolicyInput {
  readonly compilation: Compilation;
  /** Of a bundle; its signature has not been looked at. */
  readonly bundle?: BundleBody;
}

/** Reads and compiles as signed policy. Throws CliError with every mistake and its place. */
export function readPolicyInput(file: string): PolicyInput {
  const bytes = readBytes(file);
  const envelope = parseEnvelope(bytes);
  if (envelope.ok) {
    const body = parseBody(envelope.value.body);
    if (!body.ok) throw new CliError(EXIT.no, `${file}: ${body.problem.code} at ${body.problem.at || '/'}`);
    return { compilation: compiledOr(file, compileMembers(body.value)), bundle: body.value };
  }
  if (isCanonicalSet(bytes)) return { compilation: compiledOr(file, compileCanonical(bytes)) };
  const compiled = loadPolicy({ file, signed: true }, PROCESS_IO);
  if (compiled === undefined) throw new CliError(EXIT.unavailable, `${file} cannot be read`);
  return { compilation: compiledOr(file, compiled) };
}

/** The same with a shadow document beside it. */
export function readPolicyWithShadow(file: string, shadowFile: string | undefined): PolicyInput {
  const input = readPolicyInput(file);
  if (shadowFile === undefined) return input;
  const shadow = readPolicyInput(shadowFile).compilation;
  const { compilation } = input;
  const parents = new Map<string, string>();
  for (const document of [...compilation.ancestors, ...shadow.ancestors]) {
    const text = encodeJcs(document);
    if ((parents.get(document.id) ?? text) !== text)
      throw new CliError(EXIT.no, `entry and shadow inherit different documents with the id ${document.id}`);
    parents.set(document.id, text);
  }
  const compiled = compilePolicySet({
    entry: { file, text: encodeJcs(compilation.document) },
    others: [...parents].map(([id, text]) => ({ file: memberName(id), text })),
    shadow: { file: shadowFile, text: encodeJcs(shadow.document) },
    trust: 'signed',
  });
  const both = compiledOr(file, compiled);
  if (both.shadow === undefined) {
    throw new CliError(
      EXIT.no,
      `the shadow document does not fit:\n${problemLines(shadowFile, both.warnings)}`,
    );
  }
  return { compilation: both };
}

/** The documents of a bundle, in canonical form, under the names of its members. */
export function memberDocuments({ document, ancestors, shadow }: Compilation): {
  readonly entry: string;
  readonly shadow?: string;
  readonly documents: readonly DocumentBytes[];
} {
  const parents = new Map<string, PolicyDocument>();
  for (const parent of [...ancestors, ...(shadow?.ancestors ?? [])])
    parents.set(memberName(parent.id), parent);
  const shadowName = shadow && `shadow-${memberName(shadow.document.id)}`;
  const named = new Map([...parents, [memberName(document.id), document]]);
  if (shadow && shadowName !== undefined) named.set(shadowName, shadow.document);
  return {
    entry: memberName(document.id),
    ...(shadowName === undefined ? {} : { shadow: shadowName }),
    documents: [...named].map(([name, one]) => ({ name, content: Buffer.from(encodeJcs(one)) })),
  };
}

/** What `policyDifference` compares. */
export function documentsOf({ document, ancestors, shadow }: Compilation): NamedDocuments {
  const named = new Map<string, PolicyDocument>();
  for (const one of [...ancestors, document]) named.set(one.id, one);
  for (const one of shadow === undefined ? [] : [...shadow.ancestors, shadow.document])
    named.set(`shadow/${one.id}`, one);
  return named;
}

export function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.unavailable, `cannot read ${file}: ${cause}`);
  }
}

function compileMembers(body: BundleBody): Result<Compilation, readonly PolicyProblem[]> {
  const source = (name: string) => {
    const member = body.members.find((one) => one.name === name);
    return { file: name, text: Buffer.from(member?.content_b64 ?? '', 'base64').toString('utf8') };
  };
  const { entry, shadow } = body;
  const others = body.members.filter(({ name }) => name !== entry && name !== shadow);
  return compilePolicySet({
    entry: source(entry),
    others: others.map(({ name }) => source(name)),
    ...(shadow === undefined ? {} : { shadow: source(shadow) }),
    trust: 'signed',
  });
}

function isCanonicalSet(bytes: Buffer): boolean {
  if (bytes[0] !== 0x7b) return false;
  const json = parseStrictJson(bytes);
  const value = json.ok ? json.value : undefined;
  return (
    typeof value === 'object' &&
    value !== null &&
    'schema' in value &&
    value['schema'] === 'clawgress/policy-set/v1'
  );
}

function compiledOr(file: string, compiled: Result<Compilation, readonly PolicyProblem[]>): Compilation {
  if (compiled.ok) return compiled.value;
  throw new CliError(EXIT.no, `${file} does not compile:\n${problemLines(file, compiled.problem).trimEnd()}`);
}
