import { accessLog } from './boundaries/access_log.ts';
import { ai } from './boundaries/ai.ts';
import { answer } from './boundaries/answer.ts';
import { apiKey } from './boundaries/api_key.ts';
import { authority } from './boundaries/authority.ts';
import { bundle } from './boundaries/bundle.ts';
import { check } from './boundaries/check.ts';
import { checkpoint } from './boundaries/checkpoint.ts';
import { dns } from './boundaries/dns.ts';
import { extProc } from './boundaries/ext_proc.ts';
import { frames } from './boundaries/frames.ts';
import { grpc } from './boundaries/grpc.ts';
import { inspectedRequest } from './boundaries/inspected_request.ts';
import { journalLine } from './boundaries/journal_line.ts';
import { jsonRepair } from './boundaries/json_repair.ts';
import { jsonStream } from './boundaries/json_stream.ts';
import { jwt } from './boundaries/jwt.ts';
import { listener } from './boundaries/listener.ts';
import { path } from './boundaries/path.ts';
import { pendingTicket } from './boundaries/pending_ticket.ts';
import { policy } from './boundaries/policy.ts';
import { policyBundle } from './boundaries/policy_bundle.ts';
import { registry } from './boundaries/registry.ts';
import { relayTicket } from './boundaries/relay_ticket.ts';
import { request } from './boundaries/request.ts';
import { settings } from './boundaries/settings.ts';
import { sse } from './boundaries/sse.ts';
import { tunnelTicket } from './boundaries/tunnel_ticket.ts';
import { websocket } from './boundaries/websocket.ts';
import type { OpenBoundary } from './boundary.ts';

/** Every place where bytes from outside come in. */
export const BOUNDARIES: Readonly<Record<string, OpenBoundary>> = {
  authority,
  path,
  request,
  check,
  listener,
  grpc,
  frames,
  api_key: apiKey,
  jwt,
  registry,
  policy,
  policy_bundle: policyBundle,
  settings,
  access_log: accessLog,
  tunnel_ticket: tunnelTicket,
  pending_ticket: pendingTicket,
  ext_proc: extProc,
  relay_ticket: relayTicket,
  dns,
  journal_line: journalLine,
  checkpoint,
  bundle,
  websocket,
  json_stream: jsonStream,
  inspected_request: inspectedRequest,
  json_repair: jsonRepair,
  sse,
  ai,
  answer,
};
