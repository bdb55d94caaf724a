import { chmodSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerifiedBundle } from '../core/policy_bundle/verify.ts';
import type { FeedStatus, PolicyStatus } from '../feed/ports.ts';
import { Versions } from '../feed/versions.ts';
import { replaceFile } from '../recorder/durable_file.ts';
import { CliError, EXIT, type ExitCode } from './exit.ts';
import { askGateway } from './gateway_client.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';
import { versionStore } from './policy_feed.ts';
import { readBytes } from './policy_input.ts';
import { bundleFacts, openBundle, report } from './policy_verify.ts';
import { modeOf } from './state.ts';

const POLL_MS = 100;
const WAIT_MS_MAX = 30_000;
const ANSWER_MS_MAX = 3_000;
const READABLE = 0o644;

/**
 * `policy publish <bundle>`: refuses what the gateway would refuse, replaces its bundle file, and waits until every
 * gateway of this folder judges by it. 0 live, 1 refused, 3 written although nobody runs or answers in time.
 */
export async function policyPublish(bundle: string, flags: Flags, waitMs = WAIT_MS_MAX): Promise<ExitCode> {
  const settings = settingsFor(flags);
  const json = flags['json'] === true;
  if (settings.policy.trust !== 'signed') {
    throw new CliError(
      EXIT.usage,
      'policy.trust is local: the gateway reads a document and no bundle',
      'set policy.trust: signed in clawgress.yaml, and restart the gateway',
    );
  }
  const layout = layoutFor(settings);
  const file = readBytes(bundle);
  const sockets = [...new Set([layout.gateway_socket, ...layout.gateway_sockets])];
  const { live: running, silent } = await askAll(sockets);
  const accepted = highest([...running.map(acceptedBy), savedVersion(layout)]);
  const verified = openBundle(file, settings.policy.keys, Date.now(), accepted);
  const problem = verified.ok ? verified.value.lapse : verified.problem;
  if (!verified.ok || problem !== undefined) {
    if (problem !== undefined) report(bundle, problem, json);
    return EXIT.no;
  }
  replaceReadable(settings.policy.bundle, file);
  if (running.length === 0 && silent === 0) {
    say(
      json,
      { ok: true, live: false, ...bundleFacts(verified.value) },
      `${settings.policy.bundle}: written; no gateway runs, the next start judges by it`,
    );
    return EXIT.unavailable;
  }
  if (running.some(({ trust }) => trust === 'local')) {
    throw new CliError(
      EXIT.unavailable,
      'the bundle is written, but a gateway that runs was started with policy.trust: local',
      'restart it: it judges by its document until then',
    );
  }
  return await untilLive(sockets, verified.value, json, waitMs);
}

/** A bundle holds no secret, and the gateway that reads it may run as another user than the one who publishes. */
function replaceReadable(path: string, file: Uint8Array): void {
  const mode = modeOf(path) ?? READABLE;
  replaceFile(path, file);
  chmodSync(path, mode);
}

async function untilLive(
  sockets: readonly string[],
  verified: VerifiedBundle,
  json: boolean,
  waitMs: number,
): Promise<ExitCode> {
  const facts = bundleFacts(verified);
  const deadline = performance.now() + waitMs;
  while (performance.now() < deadline) {
    const { live, silent } = await askAll(sockets);
    const refused = live.find(({ refused: why }) => why?.file_digest === facts.bundle_digest)?.refused;
    if (refused !== undefined) {
      say(
        json,
        { ok: false, live: false, problems: refused.problems },
        `the gateway refused it:\n${refused.problems.join('\n')}`,
      );
      return EXIT.no;
    }
    if (silent === 0 && live.length > 0 && live.every((one) => one.bundle?.digest === facts.bundle_digest)) {
      say(
        json,
        { ok: true, live: true, ...facts },
        `live: ${facts.policy_id} version ${facts.version}, ${facts.bundle_digest}`,
      );
      return EXIT.ok;
    }
    await sleep(POLL_MS);
  }
  throw new CliError(
    EXIT.unavailable,
    `the bundle is written, but not every gateway judges by it after ${waitMs / 1000} s`,
    '`clawgress doctor`, and the log of the gateway',
  );
}

interface Answers {
  /** What each gateway that answers judges by. */
  readonly live: readonly PolicyStatus[];
  /** Gateways that run and do not answer: nobody knows what they judge by. */
  readonly silent: number;
}

async function askAll(sockets: readonly string[]): Promise<Answers> {
  const asked = sockets.map((socket) => askGateway(socket, 'GET', '/status', ANSWER_MS_MAX));
  const answers = await Promise.allSettled(asked);
  const live = answers.flatMap((answer) => {
    const value = answer.status === 'fulfilled' ? answer.value : undefined;
    const feed = (value as { feed?: FeedStatus } | undefined)?.feed;
    return feed === undefined ? [] : [feed.policy];
  });
  return { live, silent: answers.filter(({ status }) => status === 'rejected').length };
}

type Version = { readonly version: number; readonly bundle_digest: string };

function acceptedBy({ bundle }: PolicyStatus): Version | undefined {
  return bundle && { version: bundle.version, bundle_digest: bundle.digest };
}

function savedVersion(layout: Parameters<typeof versionStore>[0]): Version | undefined {
  const log = { info: ignore, warn: ignore, error: ignore };
  return new Versions(versionStore(layout, undefined), log).accepted();
}

const ignore = (): void => undefined;

function highest(versions: readonly (Version | undefined)[]): Version | undefined {
  return versions.reduce((best, one) => (one && one.version > (best?.version ?? 0) ? one : best), undefined);
}

function say(json: boolean, value: object, text: string): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`);
}
