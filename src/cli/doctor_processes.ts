import { existsSync } from 'node:fs';
import { askAdmin } from '../intercept/admin.ts';
import type { Finding, Patient } from './doctor_checks.ts';
import { readEndpoints } from './endpoints.ts';
import { askGateway } from './gateway_client.ts';
import { tryPort } from './ports.ts';

const DEMO_TIMEOUT_MS = 2_000;
const CHECKPOINT_LAG_FACTOR = 2;

/** While it runs its own ports must listen; while it does not, the configured ones must be free. */
export async function checkPorts({ settings, layout, up }: Patient): Promise<Finding> {
  const endpoints = up === undefined ? undefined : readEndpoints(layout);
  const places =
    endpoints === undefined
      ? [settings.explicit_proxy, settings.base_url, settings.metrics]
      : [endpoints.explicit_proxy, endpoints.base_url, endpoints.metrics].map((url) => {
          const { hostname, port } = new URL(url);
          return { address: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
        });
  const shown = places.map(({ address, port }) => `${address}:${port}`).join(', ');
  const results = await Promise.all(places.map(({ address, port }) => tryPort(address, port)));
  const isBusy = results.map((result) => result === 'EADDRINUSE');
  if (up !== undefined) {
    if (isBusy.every(Boolean)) return { check: 'ports', status: 'ok', detail: `listening on ${shown}` };
    return {
      check: 'ports',
      status: 'fail',
      detail: `not all of ${shown} listen`,
      fix: 'restart clawgress up',
    };
  }
  if (!isBusy.some(Boolean)) return { check: 'ports', status: 'ok', detail: `${shown} are free` };
  const taken = places.filter((_, index) => isBusy[index]).map(({ port }) => port);
  return {
    check: 'ports',
    status: 'warn',
    detail: `taken by somebody else: ${taken.join(', ')}`,
    fix: 'clawgress up --ports auto',
  };
}

interface Status {
  readonly recorder?: {
    readonly phase?: string;
    readonly tree_size?: number;
    readonly queue_depth?: number;
    readonly checkpoint?: { readonly size?: number };
  };
  readonly feed?: Readonly<Record<string, { readonly refused?: { readonly problems?: readonly string[] } }>>;
}

/** Health of the recorder, how far the newest checkpoint is behind the head, and refused reloads. */
export async function checkGateway({ settings, layout, up }: Patient): Promise<Finding> {
  const status = (await askGateway(layout.gateway_socket, 'GET', '/status')) as Status | undefined;
  if (status === undefined) {
    if (up === undefined)
      return { check: 'gateway', status: 'warn', detail: 'not running', fix: 'clawgress up' };
    return {
      check: 'gateway',
      status: 'fail',
      detail: 'up runs, but the gateway does not answer',
      fix: 'look at the output of clawgress up',
    };
  }
  const { recorder, feed = {} } = status;
  if (recorder?.phase !== 'running')
    return {
      check: 'gateway',
      status: 'fail',
      detail: `the recorder is ${recorder?.phase ?? 'silent'}`,
      fix: 'look at the output of clawgress up',
    };
  for (const [source, { refused }] of Object.entries(feed)) {
    if (refused === undefined) continue;
    return {
      check: 'gateway',
      status: 'fail',
      detail: `a changed ${source} was refused: ${refused.problems?.[0] ?? ''}`,
      fix: `correct the ${source}; the last good one is in force`,
    };
  }
  const records = recorder.tree_size ?? 0;
  const behind = records - (recorder.checkpoint?.size ?? 0);
  const detail = `serving; ${records} records, ${behind} after the newest checkpoint`;
  if (behind > CHECKPOINT_LAG_FACTOR * settings.recorder.checkpoint_every) {
    return {
      check: 'gateway',
      status: 'warn',
      detail,
      fix: 'look for checkpoint errors in the output of clawgress up',
    };
  }
  return { check: 'gateway', status: 'ok', detail };
}

export async function checkEnvoyHealth({ layout, up }: Patient): Promise<Finding> {
  if (!existsSync(layout.envoy_admin_socket)) {
    const status = up === undefined ? 'warn' : 'fail';
    return { check: 'envoy health', status, detail: 'not running', fix: 'clawgress up' };
  }
  const answer = await askAdmin(layout.envoy_admin_socket, 'GET', '/ready');
  if (answer.status === 200) return { check: 'envoy health', status: 'ok', detail: answer.body.trim() };
  return {
    check: 'envoy health',
    status: 'fail',
    detail: `not ready: ${answer.body.trim()}`,
    fix: 'restart clawgress up',
  };
}

export async function checkDemo({ layout, up }: Patient): Promise<Finding> {
  const demo = up === undefined ? undefined : readEndpoints(layout)?.demo;
  if (demo === undefined) return { check: 'demo', status: 'ok', detail: 'not running' };
  try {
    const answer = await fetch(`${demo.upstream_http}/hello`, {
      signal: AbortSignal.timeout(DEMO_TIMEOUT_MS),
    });
    if (answer.ok) return { check: 'demo', status: 'ok', detail: demo.upstream_http };
    return { check: 'demo', status: 'warn', detail: `${demo.upstream_http} answers ${answer.status}` };
  } catch {
    return {
      check: 'demo',
      status: 'warn',
      detail: `${demo.upstream_http} does not answer`,
      fix: 'restart clawgress up',
    };
  }
}
