import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { openKeyFolder, readKeyFile, writeKeyFile } from '../keys/key_file.ts';
import { AuthorityStore } from '../pki/store.ts';

/** The authorities of interception below the state folder, with the rules that all our key files obey. */
export function authorityStore(layout: Layout): AuthorityStore {
  return new AuthorityStore(layout.ca_dir, {
    openFolder: openKeyFolder,
    read: readKeyFile,
    write: writeKeyFile,
  });
}

/** Makes the first root when there is none; an existing one is left alone. */
export async function ensureAuthority(settings: Settings, layout: Layout): Promise<void> {
  const store = authorityStore(layout);
  if (store.list().length === 0) await addRoot(store, settings, Date.now());
}

/** Makes a root that signs from `signs_from_ms` on; returns its name. */
export async function addRoot(
  store: AuthorityStore,
  settings: Settings,
  signs_from_ms: number,
): Promise<string> {
  // Loaded only here: most commands never make a certificate.
  const { createRoot } = await import('../pki/root.ts');
  const made = await createRoot({
    installation: settings.issuer,
    now_ms: Date.now(),
    permitted: settings.interception.permitted_names,
  });
  return store.add('own', { chainPem: made.certificatePem, keyPem: made.keyPem }, signs_from_ms);
}
