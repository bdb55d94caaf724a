import { decodeNameConstraints, type NameConstraints } from './name_constraints.ts';
import { certificatesOf } from './signer.ts';
import { NAME_CONSTRAINTS_OID, X509Certificate } from './x509.ts';

/** What the authorities of one chain may vouch for; all of them have to agree. Throws on an unreadable extension. */
export function constraintsOf(chainPem: string): readonly NameConstraints[] {
  return certificatesOf(chainPem).flatMap((pem) => {
    const extension = new X509Certificate(pem).getExtension(NAME_CONSTRAINTS_OID);
    if (extension === null) return [];
    const read = decodeNameConstraints(new Uint8Array(extension.value));
    if (read.ok) return [read.value];
    throw new Error('the name constraints of the authority cannot be read');
  });
}
