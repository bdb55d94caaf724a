import { randomBytes, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { type Layout, layoutOf } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { renderStarterPolicy } from '../core/policy/starter.ts';
import { trustedRoots } from '../pki/store.ts';
import { authorityStore, ensureAuthority } from './ca_store.ts';
import { CliError, EXIT } from './exit.ts';
import { PACKAGE_ROOT } from './package_root.ts';

export const DEMO_HOST_NAME = 'demo.localhost';
const STAMP_BYTES = 32;
const RENEW_BEFORE_MS = 30 * 86_400_000;

/** Creates what is missing below the state folder; existing keys, policy and registry are left alone. */
export async function prepareState(settings: Settings): Promise<Layout> {
  const layout = layoutOf(settings.state_dir, settings.sockets_dir, settings.gateways);
  privateFolder(layout.state_dir);
  for (const dir of [layout.run_dir, layout.keys_dir, layout.ca_dir, layout.envoy_dir]) privateFolder(dir);
  privateFolder(settings.sockets_dir);
  // Fresh for each start: an Envoy that a crash left behind cannot vouch for requests of this one.
  writePrivate(layout.stamp, `${randomBytes(STAMP_BYTES).toString('hex')}\n`);
  await prepareTrust(settings, layout);
  prepareStarterPolicy(settings);
  return layout;
}

/** 0700 and ours, or refused: whoever can enter it can reach the decision socket and the keys. */
export function privateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory()) {
    throw new CliError(
      EXIT.unavailable,
      `${path} is not a folder`,
      'move it away, or choose another --state-dir',
    );
  }
  if (typeof process.getuid === 'function' && found.uid !== process.getuid()) {
    throw new CliError(
      EXIT.unavailable,
      `${path} belongs to another user (uid ${found.uid})`,
      `run this as that user (sudo -u '#${found.uid}' clawgress …), or choose another --state-dir or sockets_dir`,
    );
  }
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
}

export function writePrivate(path: string, text: string): void {
  writeAtomic(path, text, 0o600);
}

export function writeAtomic(path: string, text: string, mode: number): void {
  writeFileAtomic(path, Buffer.from(text), mode);
}

/** Readers see the old file or the new one, never half of one. */
export function writeFileAtomic(path: string, bytes: Uint8Array, mode: number): void {
  const draft = `${path}.new`;
  writeFileSync(draft, bytes, { mode });
  chmodSync(draft, mode);
  renameSync(draft, path);
}

export function demoCertificatePaths(layout: Layout) {
  return {
    ca: join(layout.ca_dir, 'demo-ca.pem'),
    certificate: join(layout.ca_dir, 'demo.pem'),
    key: join(layout.ca_dir, 'demo-key.pem'),
  };
}

/** Demo certificates while the demo runs, the authority of interception, and the bundles. */
async function prepareTrust(settings: Settings, layout: Layout): Promise<void> {
  const paths = demoCertificatePaths(layout);
  if (settings.demo.enabled && !stillGood(paths.certificate, paths.key, settings.demo.address)) {
    // Loaded only here: the certificate library is not needed for any later start.
    const { issueDemoCertificates } = await import('../demo/certificate.ts');
    const issued = await issueDemoCertificates(settings.demo.address, DEMO_HOST_NAME, new Date());
    writePrivate(paths.key, issued.leafKeyPem);
    writeAtomic(paths.certificate, issued.leafPem, 0o644);
    writeAtomic(paths.ca, issued.caPem, 0o644);
  }
  await ensureAuthority(settings, layout);
  writeBundles(settings, layout);
}

/** What agents trust, and what Envoy trusts of destinations; again after each change of our authorities. */
export function writeBundles(settings: Settings, layout: Layout): void {
  const { ca } = demoCertificatePaths(layout);
  const demoRoot = settings.demo.enabled && existsSync(ca) ? [readFileSync(ca, 'utf8').trim()] : [];
  const destinations = [...demoRoot, ...rootCertificates];
  const own = trustedRoots(authorityStore(layout).list(), Date.now()).map((pem) => pem.trim());
  writeAtomic(layout.upstream_bundle, `${destinations.join('\n')}\n`, 0o644);
  writeAtomic(layout.ca_bundle, `${[...own, ...destinations].join('\n')}\n`, 0o644);
}

function stillGood(certificatePath: string, keyPath: string, address: string): boolean {
  if (!existsSync(certificatePath) || !existsSync(keyPath)) return false;
  const certificate = new X509Certificate(readFileSync(certificatePath));
  const left = new Date(certificate.validTo).getTime() - Date.now();
  return certificate.checkIP(address) !== undefined && left > RENEW_BEFORE_MS;
}

/** The starter policy knows the demo's address; without a demo the default-deny baseline stands alone. */
function prepareStarterPolicy(settings: Settings): void {
  if (settings.policy.trust === 'signed' || existsSync(settings.policy.file)) return;
  const name = settings.demo.enabled ? 'starter.yaml' : 'baseline.yaml';
  const text = renderStarterPolicy(readFileSync(join(PACKAGE_ROOT, 'policies', name), 'utf8'), {
    DEMO_HOST: settings.demo.address,
    DEMO_HTTP_PORT: settings.demo.http_port,
    DEMO_HTTPS_PORT: settings.demo.https_port,
  });
  writeAtomic(settings.policy.file, text, 0o600);
}

/** Octal mode of a path, undefined when it does not exist. */
export function modeOf(path: string): number | undefined {
  return existsSync(path) ? statSync(path).mode & 0o777 : undefined;
}
