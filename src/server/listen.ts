import { chmodSync } from 'node:fs';
import { promisify } from 'node:util';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { callerOf } from './caller.ts';
import type { Check } from './check.ts';
import { CHECK_BYTES_MAX } from './codec/check_request.ts';
import { PROC_BYTES_MAX } from './codec/ext_proc_message.ts';
import { DRAIN_BOUNDS, type DrainBounds, drain, InFlight } from './drain.ts';
import { Health } from './health.ts';
import type { InspectService } from './inspect/service.ts';
import type { SecretService } from './sds/service.ts';
import { AUTHORIZATION, asBuffer, HEALTH } from './services.ts';
import { clearStaleSocket } from './socket_file.ts';

/** Checks in flight per connection; Envoy queues what exceeds it. */
const STREAMS_MAX = 10_000;
const ANSWER_BYTES_MAX = 256 * 1024;
/** Streams that Envoy may reset, at once and per second. */
const RESETS_MAX = 1_000_000;

export interface AuthzServer {
  /** What health checks answer; NOT_SERVING until set. */
  setServing(serving: boolean): void;
  /** Checks being answered now. */
  inFlight(): number;
  /** Refuses by health, lets running Checks finish, sends GOAWAY, closes; bounded in time. Idempotent. */
  drain(): Promise<void>;
}

export interface ListenOptions {
  readonly bounds?: DrainBounds;
  /** Certificates for intercepted tunnels; absent: none are served. */
  readonly secrets?: Pick<SecretService, 'definition' | 'handlers' | 'drain'>;
  /** For bodies that decide; absent: none are looked at. */
  readonly inspection?: InspectService;
}

/**
 * Serves Checks, health and certificates on a Unix socket that only our own user can open. Rejects when the socket is
 * taken.
 */
export async function listen(
  socketPath: string,
  check: Check,
  { bounds = DRAIN_BOUNDS, secrets, inspection }: ListenOptions = {},
): Promise<AuthzServer> {
  await clearStaleSocket(socketPath);
  const server = new Server({
    // Of the largest message of all methods; each codec has its own bound. Nobody but our own Envoy gets here.
    'grpc.max_receive_message_length': inspection === undefined ? CHECK_BYTES_MAX : PROC_BYTES_MAX,
    'grpc.max_send_message_length': inspection === undefined ? ANSWER_BYTES_MAX : PROC_BYTES_MAX,
    'grpc.max_concurrent_streams': STREAMS_MAX,
  });
  tolerateResets(server);
  const checks = new InFlight();
  const health = new Health();
  server.addService(AUTHORIZATION, { check: checkHandler(check, checks) });
  server.addService(HEALTH, health.handlers);
  if (secrets !== undefined) server.addService(secrets.definition, secrets.handlers);
  if (inspection !== undefined) server.addService(inspection.definition, inspection.handlers);
  const streams = [health, { end: () => secrets?.drain() }];
  await promisify(server.bindAsync.bind(server))(`unix:${socketPath}`, ServerCredentials.createInsecure());
  // The folder is 0700 already; this keeps the socket closed even where it is not.
  chmodSync(socketPath, 0o600);
  let drained: Promise<void> | undefined;
  return {
    setServing: (serving) => health.set(serving),
    inFlight: () => checks.count,
    drain: () => {
      drained ??= drain({ server, health, running: [checks, ...inspections(inspection)], streams }, bounds);
      return drained;
    },
  };
}

function inspections(inspection: InspectService | undefined): readonly InFlight[] {
  return inspection === undefined ? [] : [inspection.inFlight];
}

/**
 * grpc-js emits `cancelled` on every call, finished ones too, so it says nothing: a Check always runs to its record,
 * and a reply to a caller that has gone is dropped by the library.
 */
function checkHandler(check: Check, checks: InFlight) {
  return (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void => {
    checks.begin();
    check(call.request, callerOf(call.metadata))
      .then(
        (bytes) => reply(null, asBuffer(bytes)),
        () => reply({ code: status.INTERNAL }),
      )
      .finally(() => checks.end());
  };
}

/**
 * Each client that leaves during its Check makes Envoy reset one stream. Node takes more than 1,000 of them, or 33 per
 * second, for a rapid-reset attack and closes the connection with everybody's Checks in it. The only peer here is our
 * own Envoy and the queues behind us are bounded, so the guard is set out of reach. Node 20 has no such setting: there
 * Envoy's retry on `reset` and the recorder's answer to a repeated Check keep others unharmed.
 */
function tolerateResets(server: Server): void {
  // The library has no option for this; it hands the object to node:http2 when it binds.
  const options: unknown = Reflect.get(server, 'commonServerOptions');
  if (typeof options !== 'object' || options === null) throw new Error('invariant: HTTP/2 options not found');
  Object.assign(options, { streamResetBurst: RESETS_MAX, streamResetRate: RESETS_MAX });
}
