import { type ClientKind, clientEntry } from './client_list.ts';

export interface Reason {
  readonly reason: string;
  readonly next?: string;
}

const REASON_MAX = 300;

/** What a client's own words mean, most telling first. */
export function reasonOf(client: ClientKind, output: string, proxyUrl: string): Reason {
  const out = withoutSecrets(output, proxyUrl);
  if (/\b407\b|IDENTITY_/.test(out)) {
    return {
      reason: 'the gateway did not accept its credential, or it sent none',
      next: 'clawgress receipts why --agent <id> --last',
    };
  }
  if (/\b403\b|\b429\b/.test(out)) {
    return { reason: 'the gateway refused the request', next: 'clawgress receipts why --agent <id> --last' };
  }
  if (/handshake[ _]fail|fatal alert/i.test(out)) {
    return {
      reason:
        'intercepted, and no certificate is made for it: named by an address, or by a name that no rule could allow',
      next: 'name it by its host name, or let its rule say tls: passthrough',
    };
  }
  if (/certificate|PKIX|issuer|\bSSL\b|\bTLS\b|CERT_/i.test(out)) {
    return { reason: `does not trust the CA: ${shown(out)}`, next: trustStep(client) };
  }
  return { reason: shown(out) || 'gave no answer in time' };
}

function trustStep(client: ClientKind): string {
  if (client === 'apt') return 'clawgress trust install --for system';
  const { installs } = clientEntry(client);
  return installs === undefined ? 'clawgress run -- <command>' : `clawgress trust install --for ${client}`;
}

/** The last line that says something: programs print the cause after the noise. */
function shown(out: string): string {
  const lines = out
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('Picked up '));
  const telling = lines.find((line) => /error|fail|exception|certificate|refused/i.test(line));
  return (telling ?? lines.at(-1) ?? '').slice(0, REASON_MAX);
}

/** Programs like to print the proxy's URL when it fails. */
export function withoutSecrets(text: string, proxyUrl: string): string {
  const { username, password } = new URL(proxyUrl);
  let clean = text;
  if (password !== '') {
    const pair = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
      'base64',
    );
    for (const secret of [password, decodeURIComponent(password), pair])
      clean = clean.replaceAll(secret, '…');
  }
  return clean.replaceAll(/cgk_[A-Za-z0-9_-]+/g, '…');
}
