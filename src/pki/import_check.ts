import { createPrivateKey, type KeyObject, X509Certificate as NodeCertificate } from 'node:crypto';
import { fail, ok, type Result } from '../core/result.ts';
import { decodeNameConstraints } from './name_constraints.ts';
import { type Authority, algorithmOf, certificatesOf } from './signer.ts';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  NAME_CONSTRAINTS_OID,
  X509Certificate,
} from './x509.ts';

/** What is wrong with an authority that somebody brings along: one sentence, what was found and what is needed. */
export interface ImportProblem {
  readonly code:
    | 'CHAIN_EMPTY'
    | 'CHAIN_ORDER'
    | 'CHAIN_OPEN'
    | 'CHAIN_TOO_LONG'
    | 'CERTIFICATE_UNREADABLE'
    | 'KEY_UNREADABLE'
    | 'KEY_KIND'
    | 'KEY_MISMATCH'
    | 'NOT_AN_AUTHORITY'
    | 'NOT_NOW';
  readonly text: string;
}

/** Certificates of one chain, the root included. */
const CHAIN_MAX = 8;
const PEM_CHARS_MAX = 256 * 1024;
/** Extended key usages under which clients accept a server: serverAuth, and any. */
const SERVER_USAGES: readonly string[] = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

/** Checks a signing certificate with its issuers, and its key; returns both in the form that the store keeps. */
export function checkImport(
  chainPem: string,
  keyPem: string,
  now_ms: number,
): Result<Authority, ImportProblem> {
  const pems = chainPem.length > PEM_CHARS_MAX ? [] : certificatesOf(chainPem);
  if (pems.length === 0) return no('CHAIN_EMPTY', 'no certificate was found; needed: PEM, signer first');
  if (pems.length > CHAIN_MAX) {
    return no('CHAIN_TOO_LONG', `${pems.length} certificates; allowed: ${CHAIN_MAX}, the root included`);
  }
  const key = readKey(keyPem);
  if (!key.ok) return key;
  const chain = readChain(pems);
  if (!chain.ok) return chain;
  const problem =
    orderProblem(chain.value) ??
    endProblem(chain.value) ??
    chain.value.map((one, depth) => authorityProblem(one, depth, now_ms)).find((it) => it !== undefined) ??
    keyProblem(chain.value[0], key.value);
  if (problem !== undefined) return fail(problem);
  return ok({
    chainPem: `${pems.join('\n')}\n`,
    keyPem: key.value.export({ format: 'pem', type: 'pkcs8' }).toString(),
  });
}

/** The same certificate as both libraries read it: Node verifies, the other one knows the extensions. */
interface Both {
  readonly node: NodeCertificate;
  readonly x509: X509Certificate;
}

function readKey(pem: string): Result<KeyObject, ImportProblem> {
  try {
    return ok(createPrivateKey(pem));
  } catch {
    return no(
      'KEY_UNREADABLE',
      'the key could not be read; needed: one unencrypted PEM private key (decrypt it with `openssl pkey`)',
    );
  }
}

function readChain(pems: readonly string[]): Result<readonly Both[], ImportProblem> {
  const chain: Both[] = [];
  for (const [index, pem] of pems.entries()) {
    try {
      chain.push({ node: new NodeCertificate(pem), x509: new X509Certificate(pem) });
    } catch {
      return no('CERTIFICATE_UNREADABLE', `certificate ${index + 1} is not X.509`);
    }
  }
  return ok(chain);
}

function orderProblem(chain: readonly Both[]): ImportProblem | undefined {
  for (const [index, { node }] of chain.slice(0, -1).entries()) {
    const issuer = chain[index + 1];
    if (issuer !== undefined && node.checkIssued(issuer.node) && node.verify(issuer.node.publicKey)) continue;
    return {
      code: 'CHAIN_ORDER',
      text: `certificate ${index + 1} was not issued by certificate ${index + 2}; needed: signer first, each followed by its issuer`,
    };
  }
  return undefined;
}

/** Most clients trust self-signed certificates only, so the bundle needs one. */
function endProblem(chain: readonly Both[]): ImportProblem | undefined {
  const end = chain.at(-1)?.node;
  if (end?.checkIssued(end) && end.verify(end.publicKey)) return undefined;
  return {
    code: 'CHAIN_OPEN',
    text: `the last certificate was issued by ${end?.issuer.split('\n').join(', ')}; needed: the chain up to its root`,
  };
}

/** `depth` is the number of authorities below this one. */
function authorityProblem({ node, x509 }: Both, depth: number, now_ms: number): ImportProblem | undefined {
  const which = `certificate ${depth + 1} (${node.subject.replaceAll('\n', ', ')})`;
  const constraints = x509.getExtension(BasicConstraintsExtension);
  if (constraints?.ca !== true) {
    return { code: 'NOT_AN_AUTHORITY', text: `${which} is not a CA; needed: basic constraints CA:TRUE` };
  }
  if (constraints.pathLength !== undefined && constraints.pathLength < depth) {
    return {
      code: 'NOT_AN_AUTHORITY',
      text: `${which} allows ${constraints.pathLength} authorities below it; needed: ${depth}`,
    };
  }
  const usages = x509.getExtension(KeyUsagesExtension)?.usages;
  if (usages !== undefined && (usages & KeyUsageFlags.keyCertSign) === 0) {
    return {
      code: 'NOT_AN_AUTHORITY',
      text: `${which} may not sign certificates; needed: key usage keyCertSign`,
    };
  }
  const purpose = purposeProblem(node, x509);
  if (purpose !== undefined) return { code: 'NOT_AN_AUTHORITY', text: `${which} ${purpose}` };
  if (x509.notBefore.getTime() <= now_ms && now_ms < x509.notAfter.getTime()) return undefined;
  const [from, to] = [x509.notBefore.toISOString(), x509.notAfter.toISOString()];
  return { code: 'NOT_NOW', text: `${which} is valid from ${from} to ${to}, which is not now` };
}

/** What clients would hold against every leaf below: nothing here would notice. */
function purposeProblem(node: NodeCertificate, x509: X509Certificate): string | undefined {
  const usages: readonly string[] | undefined = node.keyUsage;
  if (usages?.some((usage) => SERVER_USAGES.includes(usage)) === false)
    return `is for ${usages.join(', ')}; needed: no extended key usage, or serverAuth`;
  const extension = x509.getExtension(NAME_CONSTRAINTS_OID);
  const read = extension === null ? undefined : decodeNameConstraints(new Uint8Array(extension.value));
  if (read?.ok === false) return 'has name constraints that cannot be read';
  return read?.value.subjects === false ? 'constrains directory names; leaves have one of ours' : undefined;
}

function keyProblem(own: Both | undefined, key: KeyObject): ImportProblem | undefined {
  if (algorithmOf(key) === undefined) {
    const found = key.asymmetricKeyType ?? 'secret';
    return {
      code: 'KEY_KIND',
      text: `the key is ${found}; needed: P-256, P-384, or RSA with 2048 bits or more`,
    };
  }
  if (own?.node.checkPrivateKey(key)) return undefined;
  return { code: 'KEY_MISMATCH', text: 'the key does not belong to the first certificate' };
}

function no(code: ImportProblem['code'], text: string): Result<never, ImportProblem> {
  return fail({ code, text });
}
