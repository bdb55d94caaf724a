import { existsSync, readFileSync } from 'node:fs';
import { parseTrustFile } from '../core/bundle/trust_file.ts';
import { bundleCrypto } from '../feed/bundle_crypto.ts';
import { createPolicyKey } from '../keys/policy_key.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { writeAtomic } from './state.ts';

export interface KeygenArgs {
  readonly output: string;
  /** Trust file that learns the public half; created when it does not exist. */
  readonly keys?: string;
  readonly json: boolean;
}

/** `policy keygen -o <key>`: a key that signs policy, and its entry for the gateways' trust file. */
export function policyKeygen({ output, keys, json }: KeygenArgs): ExitCode {
  const listed = keys === undefined ? [] : readListed(keys);
  const signer = createPolicyKey(output);
  const entry = {
    keyid: signer.keyId,
    algorithm: 'ed25519',
    public_key_pem: signer.pem,
    purpose: 'policy',
    valid_from: new Date().toISOString(),
  };
  if (keys !== undefined)
    writeAtomic(keys, `${JSON.stringify({ keys: [...listed, entry] }, null, 2)}\n`, 0o644);
  if (json)
    process.stdout.write(`${JSON.stringify({ file: output, trusted_in: keys ?? null, key: entry })}\n`);
  else if (keys === undefined) process.stdout.write(`${JSON.stringify({ keys: [entry] }, null, 2)}\n`);
  else process.stdout.write(`${output}: policy key ${signer.keyId}, trusted in ${keys}\n`);
  return EXIT.ok;
}

/** Entries as they stand, once the whole file is a trust file. */
function readListed(path: string): readonly unknown[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const parsed = parseTrustFile(bundleCrypto.sha256, bytes);
  if (parsed.ok) return (JSON.parse(bytes.toString('utf8')) as { keys: unknown[] }).keys;
  throw new CliError(
    EXIT.usage,
    `${path} is not a trust file: ${parsed.problem.code} at ${parsed.problem.at || '/'}`,
    'name another file with --keys; it is created when it does not exist',
  );
}
