import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fail, ok, type Result } from '../core/result.ts';

/** Where systems keep their roots as one file: Debian and Ubuntu, Fedora and RHEL, SUSE, Alpine. */
export const SYSTEM_ROOT_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;
const PEM_BYTES_MAX = 8 * 1_048_576;
const CERTIFICATES_MAX = 5_000;
/** More than these of our own would be somebody else's trust store. */
const OWN_MAX = 64;
const PEM_BLOCK =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

export interface CaSources {
  /** Files of the gateway; those that do not exist hold nothing. Public roots in them are not ours. */
  readonly gateway_files: readonly string[];
  /** PEM texts of the roots that sign for intercepted destinations. */
  readonly gateway_roots: readonly string[];
  /** The first that exists counts. */
  readonly system_files: readonly string[];
  /** What the environment already replaced or added, and what must not get lost by our variables. */
  readonly inherited: { readonly replacing?: string | undefined; readonly adding?: string | undefined };
}

/** PEM texts. `all` holds the system's roots and `own`; `own` only what the system does not know already. */
export interface CaTexts {
  readonly own: readonly string[];
  readonly all: readonly string[];
}

/** A problem names the file, and what is wrong with it. */
export function collectCas(sources: CaSources): Result<CaTexts, string> {
  const system = systemRoots(sources.system_files);
  if (!system.ok) return system;
  const known = new Map([...rootCertificates, ...system.value].map((pem) => [bodyOf(pem), pem]));
  const own = new Map<string, string>();
  const others = new Map<string, string>();
  const { adding, replacing } = sources.inherited;
  for (const [file, into] of [
    ...sources.gateway_files.map((path) => [path, own] as const),
    [adding, own] as const,
    [replacing, others] as const,
  ]) {
    const read = file === undefined || !existsSync(file) ? ok([]) : certificatesIn(file);
    if (!read.ok) return read;
    for (const pem of read.value) if (!known.has(bodyOf(pem))) into.set(bodyOf(pem), pem);
  }
  for (const pem of sources.gateway_roots) own.set(bodyOf(pem), pem.trim());
  if (own.size > OWN_MAX) return fail(`${own.size} certificates of our own; at most ${OWN_MAX} are allowed`);
  const bad = [...own.values()].find((pem) => fingerprintOf(pem) === undefined);
  if (bad !== undefined)
    return fail(`${sources.gateway_files.join(', ')}: holds a certificate that cannot be read`);
  const all = new Map([...system.value.map((pem) => [bodyOf(pem), pem] as const), ...others, ...own]);
  return ok({ own: [...own.values()], all: [...all.values()] });
}

/** SHA-256 over DER, 64 hex digits; undefined when it is no certificate. */
export function fingerprintOf(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
  } catch {
    return undefined;
  }
}

/** Certificates of a PEM file, in order. */
export function certificatesIn(file: string): Result<readonly string[], string> {
  const size = statSync(file).size;
  if (size > PEM_BYTES_MAX) return fail(`${file}: ${size} bytes; at most ${PEM_BYTES_MAX} are read`);
  const found = readFileSync(file, 'latin1').match(PEM_BLOCK) ?? [];
  if (found.length > CERTIFICATES_MAX) return fail(`${file}: more than ${CERTIFICATES_MAX} certificates`);
  return ok(found);
}

export interface CaFiles {
  readonly own: string;
  readonly all: string;
}

/** Writes `own.pem` and `all.pem` into `dir`, each replaced at once. Certificates are public; the caller picks the mode. */
export function writeCaFiles(dir: string, texts: CaTexts, mode: number): CaFiles {
  mkdirSync(dir, { recursive: true, mode: mode === 0o600 ? 0o700 : 0o755 });
  const files = { own: join(dir, 'own.pem'), all: join(dir, 'all.pem') };
  writeWhole(files.own, `${texts.own.join('\n')}\n`, mode);
  writeWhole(files.all, `${texts.all.join('\n')}\n`, mode);
  return files;
}

export function writeWhole(path: string, text: string, mode: number): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, text, { mode });
  chmodSync(draft, mode);
  renameSync(draft, path);
}

/** A machine without a store of its own still has the roots that Node brings along. */
function systemRoots(files: readonly string[]): Result<readonly string[], string> {
  const file = files.find((path) => existsSync(path));
  return file === undefined ? ok(rootCertificates) : certificatesIn(file);
}

/** Base64 without line breaks: the same certificate in another layout is the same. */
function bodyOf(pem: string): string {
  return pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
}
