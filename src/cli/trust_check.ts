import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCaFiles } from '../clients/ca_files.ts';
import { proxyUrlFor } from '../clients/credential.ts';
import { PROBES } from '../clients/probes.ts';
import { type SelfTestFinding, type SelfTestOptions, selfTest } from '../clients/self_test.ts';
import { processEnvironment } from '../config/environment.ts';
import { credentialOf } from './client_env_credential.ts';
import { type ClientEnvironment, caTexts, runningEndpoints, variablesOf } from './client_env_settings.ts';
import type { Endpoints } from './endpoints.ts';
import { CliError, EXIT } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { clientFlag } from './trust.ts';

const MARK = { held: 'held', not_covered: 'NOT COVERED', missing: 'missing' } as const;

/**
 * `trust check [--for <client>] [--url URL] [--agent --credentials] [--json]`: real clients through the gateway, to its demo
 * upstream or to `--url`.
 * 1 when one is not covered; clients that are not installed count only when they were asked for.
 */
export async function trustCheck(flags: Flags): Promise<number> {
  const layout = layoutFor(settingsFor(flags));
  const endpoints = await runningEndpoints(layout);
  const targets = targetsOf(flags, endpoints);
  const asked = flags['for'] === undefined ? undefined : clientFlag(flags['for']);
  const inherited = processEnvironment();
  const credential = credentialOf(flags, inherited, layout);
  const dir = mkdtempSync(join(tmpdir(), 'clawgress-check-'));
  try {
    const texts = caTexts(layout, endpoints, inherited);
    const ca = texts.own.length === 0 ? undefined : writeCaFiles(dir, texts, 0o600);
    const environment: ClientEnvironment = { layout, endpoints, credential, ca, inherited, flags };
    const findings: SelfTestFinding[] = [];
    for (const probe of PROBES.filter(({ kind }) => asked === undefined || kind === asked)) {
      const found = await selfTest(probe, {
        inherited,
        variablesFor: (proxyUrl) => variablesOf(environment, proxyUrl),
        proxy_url: proxyUrlFor(endpoints.explicit_proxy, credential),
        targets,
      });
      findings.push(...found);
      if (flags['json'] !== true) process.stdout.write(found.map(lineOf).join(''));
    }
    return report(findings, asked !== undefined, flags);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The demo upstream, or any destination that answers this agent's GET with 200. */
function targetsOf(flags: Flags, { demo }: Endpoints): SelfTestOptions['targets'] {
  const url = flags['url'];
  if (typeof url === 'string') {
    const scheme = URL.canParse(url) ? new URL(url).protocol.slice(0, -1) : undefined;
    if (scheme === 'http' || scheme === 'https') return [{ scheme, url }];
    throw new CliError(EXIT.usage, '--url is no URL', 'allowed: http://… and https://…');
  }
  if (demo === undefined) {
    const next = 'name a destination that answers 200: --url https://api.example.com/health';
    throw new CliError(EXIT.unavailable, 'this gateway runs without its demo upstream', next);
  }
  return [
    { scheme: 'http', url: `${demo.upstream_http}/hello` },
    { scheme: 'https', url: `${demo.upstream_https}/hello` },
  ];
}

function report(findings: readonly SelfTestFinding[], isAsked: boolean, flags: Flags): number {
  const isCovered = findings.every(({ status }) => status !== 'not_covered');
  if (flags['json'] === true) {
    process.stdout.write(`${JSON.stringify({ ok: isCovered, checks: findings }, null, 2)}\n`);
  }
  if (!isCovered) return EXIT.no;
  return isAsked && findings.some(({ status }) => status === 'missing') ? EXIT.unavailable : EXIT.ok;
}

function lineOf({ client, scheme, status, reason, next }: SelfTestFinding): string {
  const line = `${client.padEnd(8)}${scheme.padEnd(7)}${MARK[status].padEnd(13)}${reason}\n`;
  return next === undefined || status !== 'not_covered' ? line : `${line}${' '.repeat(28)}next: ${next}\n`;
}
