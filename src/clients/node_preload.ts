/**
 * Loaded by `node --import` before the program: makes fetch, http and https obey the proxy variables in a Node that does
 * not do so itself (`--use-env-proxy` came with 22.21 and 24.5). A program that brings agents or dispatchers of its own
 * is not covered.
 */
import http from 'node:http';
import https from 'node:https';
import { proxyRules } from './env_proxy.ts';
import { proxyFetch } from './preload_fetch.ts';
import { ProxyHttpAgent, ProxyHttpsAgent } from './preload_http.ts';

/** Node's own settings of its global agents. */
const AGENT_OPTIONS = { keepAlive: true, scheduling: 'lifo', timeout: 5_000 } as const;

/** True when something was installed. */
export function installProxy(env: Readonly<Record<string, string | undefined>>): boolean {
  if (process.allowedNodeEnvironmentFlags.has('--use-env-proxy')) return false;
  const rules = proxyRules(env);
  http.globalAgent = new ProxyHttpAgent(rules, AGENT_OPTIONS);
  https.globalAgent = new ProxyHttpsAgent(rules, AGENT_OPTIONS);
  proxyFetch(rules);
  return true;
}

installProxy(process.env);
