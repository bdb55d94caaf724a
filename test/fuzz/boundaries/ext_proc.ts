import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor.js';
import { compilePolicy } from '../../../src/core/policy/compile.ts';
import { decodeProcMessage } from '../../../src/server/codec/ext_proc_message.ts';
import { sealPending } from '../../../src/server/inspect/pending_ticket.ts';
import { mac, STAMP, snapshot } from '../../unit/server/fakes.ts';
import { NOW_MS, TICKET } from '../../unit/server/inspect/pending.ts';
import { world } from '../../unit/server/inspect/world.ts';
import type { Boundary } from '../boundary.ts';

const DESCRIPTOR = join(import.meta.dirname, '../../vectors/envoy-descriptor/envoy-1.40.0.binpb');
const LIVE = { ...TICKET, exp_ms: NOW_MS + 1_000_000 };
const AUTHZ = 'envoy.filters.http.ext_authz';
const LENGTH_BYTES = 2;

/** Trailers break it, and a body that nobody looked at does. */
const POLICY = `schema: clawgress/policy/v1
id: p
rules:
  - {id: r, match: {destination: {hosts: [api.example]}}, action: allow, request: {format: json}}
`;

type Message = Record<string, unknown>;

/**
 * What Envoy says about one request, message by message, each behind its length. Judge: Envoy's own definitions, read by
 * another decoder: the second stamp is given once at most, behind a recorded allow, and only where the first message that
 * was heard carried the genuine ticket and all of the body had come; nothing is decided twice.
 */
export function extProc(): Boundary {
  const root = protobuf.Root.fromDescriptor(new Uint8Array(readFileSync(DESCRIPTOR)), { keepCase: true });
  const Official = root.lookupType('envoy.service.ext_proc.v3.ProcessingRequest');
  const policy = compilePolicy({ file: 'p.yaml', text: POLICY });
  assert.ok(policy.ok, 'the policy compiles');
  const { policy: plan } = policy.value;
  const pending = sealPending(LIVE, mac) ?? assert.fail('no ticket');
  const conversation = (...messages: readonly Message[]): Uint8Array =>
    joined(messages.map((message) => Official.encode(Official.fromObject(message)).finish()));
  const officialOf = (bytes: Uint8Array): Message | undefined => {
    try {
      return Official.toObject(Official.decode(bytes), { bytes: Buffer });
    } catch {
      return undefined;
    }
  };
  const { headers, body, answer } = wordsOf(pending);
  return {
    name: 'ext_proc',
    corpus: [
      conversation(headers(false), body('{}', true), answer()),
      conversation(headers(true), answer()),
      conversation(headers(false), body('{}', false), { request_trailers: {} }),
      conversation(headers(false), body('{', true), body('}', true)),
      conversation(answer(), headers(false)),
    ],
    async check(input) {
      const setup = world(() => snapshot(plan), LIVE);
      const heard: Uint8Array[] = [];
      for (const bytes of piecesOf(input)) {
        const message = decodeProcMessage(bytes);
        // The service ends the stream there.
        if (!message.ok) break;
        heard.push(bytes);
        await setup.exchange.hear(message.value);
      }
      await setup.exchange.gone();
      const stamped = setup.replies.filter(({ stamp }) => stamp !== undefined);
      const { proposals } = setup.recorder;
      assert.ok(stamped.length <= 1 && proposals.length <= 1, 'more than one decision');
      assert.equal(setup.admission.taken, 0, 'room is left taken');
      if (stamped.length === 0) return false;
      assert.equal(stamped[0]?.stamp, STAMP);
      assert.equal(proposals[0]?.draft.verdict, 'allow');
      assertEarned(heard.map(officialOf), pending);
      return true;
    },
  };
}

/** The stamp answers the headers of a request without a body, or the last message of its body. */
function assertEarned(heard: readonly (Message | undefined)[], pending: string): void {
  const [first, second] = heard;
  // Only the other decoder looks into members that we leave out, and finds fault with them.
  if (first === undefined) return;
  const context = first['metadata_context'] as { filter_metadata?: Record<string, { fields?: Message }> };
  const said = context?.filter_metadata?.[AUTHZ]?.fields?.['pending'] as { string_value?: string };
  assert.equal(said?.string_value, pending, 'a request without its ticket goes on');
  const begun = first['request_headers'] as { end_of_stream?: boolean } | undefined;
  assert.ok(begun !== undefined, 'what is no request goes on');
  if (begun.end_of_stream === true || second === undefined) return;
  const body = second['request_body'] as { end_of_stream?: boolean } | undefined;
  assert.equal(body?.end_of_stream, true, 'a body goes on before it is whole');
}

function wordsOf(pending: string) {
  const metadata_context = {
    filter_metadata: { [AUTHZ]: { fields: { pending: { string_value: pending } } } },
  };
  const list = (...pairs: readonly (readonly [string, string])[]) => ({
    headers: pairs.map(([key, value]) => ({ key, raw_value: Buffer.from(value) })),
  });
  const details = { fields: { 'response.code_details': { string_value: 'via_upstream' } } };
  return {
    headers: (end_of_stream: boolean): Message => ({
      ...{ metadata_context },
      request_headers: {
        headers: list([':method', 'POST'], ['content-type', 'application/json']),
        end_of_stream,
      },
    }),
    body: (text: string, end_of_stream: boolean): Message => ({
      ...{ metadata_context },
      request_body: { body: Buffer.from(text), end_of_stream },
    }),
    answer: (): Message => ({
      ...{ metadata_context, attributes: { 'envoy.filters.http.ext_proc': details } },
      response_headers: { headers: list([':status', '200']), end_of_stream: false },
    }),
  };
}

function joined(messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    messages.flatMap((message) => {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt16BE(message.length);
      return [length, message];
    }),
  );
}

function piecesOf(input: Uint8Array): Uint8Array[] {
  const bytes = Buffer.from(input);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at + LENGTH_BYTES <= bytes.length; ) {
    const end = at + LENGTH_BYTES + bytes.readUInt16BE(at);
    pieces.push(bytes.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return pieces;
}
