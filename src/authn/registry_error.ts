/** A registry file that cannot be read or written; the message names the file and what to do. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
}
