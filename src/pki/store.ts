import { X509Certificate as NodeCertificate } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AUTHORITIES_MAX, type ManifestEntry, parseManifest, renderManifest, signingAt } from './manifest.ts';
import type { Authority } from './signer.ts';

/** How key material is read and written; every mode wider than 0600 in a folder of 0700 has to be refused. */
export interface KeyFiles {
  /** Throws when others can enter the folder. */
  openFolder(path: string): void;
  /** Undefined when there is none. */
  read(path: string): Buffer | undefined;
  /** Durable and 0600; false when the file exists. */
  write(path: string, content: string): boolean;
}

/** A folder of authorities that cannot be used as it is. The message says what to do. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError';
}

export interface StoredAuthority extends ManifestEntry {
  /** Of the signing certificate: `sha256:<hex>`. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly not_before_ms: number;
  readonly not_after_ms: number;
  /** Signer first. */
  readonly chain_pem: string;
}

/**
 * The folder `ca/`: certificates, keys, and `authorities.json`, which alone says which of them count. Whatever is not
 * listed there is a leftover of an interrupted command and is never used.
 */
export class AuthorityStore {
  readonly folder: string;
  readonly #keyFiles: KeyFiles;

  constructor(folder: string, keyFiles: KeyFiles) {
    this.folder = folder;
    this.#keyFiles = keyFiles;
  }

  /** All that are listed, without their keys; empty before the first start. Throws `AuthorityError`. */
  list(): readonly StoredAuthority[] {
    const path = this.#manifestPath();
    if (!existsSync(path)) return [];
    const manifest = parseManifest(readFileSync(path, 'utf8'));
    if (manifest.ok) return manifest.value.map((entry) => this.#stored(entry));
    throw new AuthorityError(`${path} is not a list of authorities. Fix: restore it from a backup`);
  }

  /** Who signs now, with the key. Undefined when nobody may. Throws on a key that others can read. */
  signing(now_ms: number): (StoredAuthority & Authority) | undefined {
    const chosen = signingAt(this.list(), now_ms);
    if (chosen === undefined) return undefined;
    this.#keyFiles.openFolder(this.folder);
    const path = join(this.folder, `${chosen.name}.key`);
    const key = this.#keyFiles.read(path);
    if (key === undefined)
      throw new AuthorityError(`${path} is missing. Fix: restore it, or run clawgress ca rotate --now`);
    return { ...chosen, chainPem: chosen.chain_pem, keyPem: key.toString('utf8') };
  }

  /** Adds one; trusted at once. Returns its name. */
  add(kind: ManifestEntry['kind'], authority: Authority, signs_from_ms: number): string {
    this.#keyFiles.openFolder(this.folder);
    const listed = this.list();
    if (listed.length >= AUTHORITIES_MAX) {
      throw new AuthorityError(
        `there are ${listed.length} authorities already. Fix: clawgress ca remove <name>`,
      );
    }
    const name = this.#freeName(kind === 'own' ? 'root' : 'import', listed);
    if (!this.#keyFiles.write(join(this.folder, `${name}.key`), authority.keyPem)) {
      throw new AuthorityError(
        `another command is adding ${name} to ${this.folder}. Fix: run this one again`,
      );
    }
    this.#replace(`${name}.pem`, authority.chainPem, 0o644);
    this.#save([...entriesOf(listed), { name, kind, signs_from_ms }]);
    return name;
  }

  /** Takes one off the list, then deletes its key and certificate. */
  remove(name: string): void {
    this.#save(entriesOf(this.list()).filter((entry) => entry.name !== name));
    for (const end of ['key', 'pem']) rmSync(join(this.folder, `${name}.${end}`), { force: true });
  }

  #stored(entry: ManifestEntry): StoredAuthority {
    const path = join(this.folder, `${entry.name}.pem`);
    if (!existsSync(path))
      throw new AuthorityError(`${path} is missing. Fix: restore it, or clawgress ca remove ${entry.name}`);
    const chain_pem = readFileSync(path, 'utf8');
    const certificate = new NodeCertificate(chain_pem);
    return {
      ...entry,
      fingerprint: `sha256:${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`,
      subject: certificate.subject.split('\n').join(', '),
      not_before_ms: Date.parse(certificate.validFrom),
      not_after_ms: Date.parse(certificate.validTo),
      chain_pem,
    };
  }

  /** The first is called `root`; nothing listed means that files of that name are leftovers. */
  #freeName(stem: string, listed: readonly ManifestEntry[]): string {
    if (listed.length === 0) {
      for (const end of ['key', 'pem']) rmSync(join(this.folder, `${stem}.${end}`), { force: true });
      return stem;
    }
    const taken = new Set(readdirSync(this.folder).map((file) => file.replace(/\.(?:key|pem)$/, '')));
    let number = 2;
    while (taken.has(`${stem}-${number}`)) number += 1;
    return taken.has(stem) ? `${stem}-${number}` : stem;
  }

  #save(entries: readonly ManifestEntry[]): void {
    this.#replace('authorities.json', renderManifest(entries), 0o600);
  }

  /** Readers see the old file or the new one. */
  #replace(file: string, text: string, mode: number): void {
    const path = join(this.folder, file);
    const draft = `${path}.${process.pid}.new`;
    writeFileSync(draft, text, { mode });
    chmodSync(draft, mode);
    renameSync(draft, path);
  }

  #manifestPath(): string {
    return join(this.folder, 'authorities.json');
  }
}

function entriesOf(listed: readonly ManifestEntry[]): readonly ManifestEntry[] {
  return listed.map(({ name, kind, signs_from_ms }) => ({ name, kind, signs_from_ms }));
}

/** What clients have to trust: the last certificate of each chain that has not ended, the newest first. */
export function trustedRoots(authorities: readonly StoredAuthority[], now_ms: number): readonly string[] {
  const ends = authorities.filter(({ not_after_ms }) => now_ms < not_after_ms).map(trustedEnd);
  return [...new Set(ends.reverse())];
}

function trustedEnd({ chain_pem }: StoredAuthority): string {
  const begin = chain_pem.lastIndexOf('-----BEGIN CERTIFICATE-----');
  return `${chain_pem.slice(begin).trim()}\n`;
}
