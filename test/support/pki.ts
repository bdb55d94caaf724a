import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** An authority made with openssl, so that what we accept is judged by certificates that we did not write. */
export interface Authority {
  readonly ca: string;
  issue(name: string, usage: 'clientAuth' | 'serverAuth'): Issued;
}

export function newAuthority(): Authority {
  const dir = mkdtempSync(join(tmpdir(), 'cg-pki-'));
  try {
    const ca = selfSigned(dir, 'ca');
    return { ca: ca.cert, issue: (name, usage) => issue(ca, name, usage) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function selfSigned(dir: string, name: string): Issued {
  const [key, cert] = [join(dir, `${name}.key`), join(dir, `${name}.pem`)];
  const ext = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
  openssl([
    'req',
    '-x509',
    ...CURVE,
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    ...ext,
  ]);
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

function issue(ca: Issued, name: string, usage: string): Issued {
  const dir = mkdtempSync(join(tmpdir(), 'cg-pki-'));
  const at = (file: string) => join(dir, file);
  try {
    writeFileSync(at('ca.pem'), ca.cert);
    writeFileSync(at('ca.key'), ca.key, { mode: 0o600 });
    writeFileSync(
      at('ext'),
      `subjectAltName=DNS:${name}\nextendedKeyUsage=${usage}\nbasicConstraints=CA:FALSE\n`,
    );
    openssl(['req', ...CURVE, '-keyout', at('key'), '-out', at('csr'), '-subj', `/CN=${name}`]);
    const signer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2'];
    openssl(['x509', '-req', '-in', at('csr'), ...signer, '-extfile', at('ext'), '-out', at('cert')]);
    return { cert: readFileSync(at('cert'), 'utf8'), key: readFileSync(at('key'), 'utf8') };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
