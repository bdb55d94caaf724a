import { certificateParts, EXTENSION } from './certificate_parts.ts';
import { decodeNameConstraints, type NameConstraints } from './name_constraints.ts';
import { certificatesOf } from './signer.ts';

/** What the authorities of one chain may vouch for; all of them have to agree. Throws on an unreadable extension. */
export function constraintsOf(chainPem: string): readonly NameConstraints[] {
  return certificatesOf(chainPem).flatMap((pem) => {
    const extension = certificateParts(pem).extensions.get(EXTENSION.nameConstraints);
    if (extension === undefined) return [];
    const read = decodeNameConstraints(extension);
    if (read.ok) return [read.value];
    throw new Error('the name constraints of the authority cannot be read');
  });
}
