import type { ServerDuplexStream } from '@grpc/grpc-js';
import { envoy } from '../../../../src/gen/envoy.js';
import { bytesMethod } from '../../../../src/server/bytes_method.ts';

const { ProcessingRequest, ProcessingResponse } = envoy.service.ext_proc.v3;
const { OVERWRITE_IF_EXISTS_OR_ADD } = envoy.config.core.v3.HeaderValueOption.HeaderAppendAction;
const { BodySendMode, HeaderSendMode } = envoy.extensions.filters.http.ext_proc.v3.ProcessingMode;
type Response = envoy.service.ext_proc.v3.ProcessingResponse.$Properties;

export const KINDS = [
  'requestHeaders',
  'requestBody',
  'requestTrailers',
  'responseHeaders',
  'responseBody',
  'responseTrailers',
] as const;
export type Kind = (typeof KINDS)[number];

/** One message of Envoy. */
export interface Told {
  readonly kind: Kind;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly isEnd: boolean;
  /** Metadata of the Check, and attributes, as flat text. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Stream {
  readonly initial: Readonly<Record<string, unknown>>;
  readonly told: Told[];
  /** Answers that were given to them. */
  said: number;
  /** `ended`: Envoy half-closed it. `cancelled`: it was taken back before we had ended it. */
  end?: 'ended' | 'cancelled';
}

/** What to do with a message: an answer, an error of the stream, its end, or nothing. */
export type Deed = Response | 'error' | 'end' | 'silence';
/** Of several, each waits for the one before it. */
export type Script = (told: Told, stream: Stream) => Deed | readonly (Deed | Promise<Deed>)[];

export interface Inspection {
  /** How to treat requests whose path contains the text. */
  script(text: string, script: Script): void;
  /** Streams whose request headers named such a path. */
  streams(text: string): readonly Stream[];
  /** Streams that began otherwise. */
  orphans(): readonly Stream[];
}

export function newInspection(stamp: string): Inspection & { readonly handler: (call: Call) => void } {
  const scripts = new Map<string, Script>();
  const streams: Stream[] = [];
  const pathOf = (stream: Stream): string => stream.told[0]?.headers[':path'] ?? '';
  const scriptOf = (stream: Stream): Script =>
    [...scripts].find(([text]) => pathOf(stream).includes(text))?.[1] ?? passing(stamp);
  return {
    script: (text, script) => scripts.set(text, script),
    streams: (text) => streams.filter((stream) => pathOf(stream).includes(text)),
    orphans: () =>
      streams.filter(({ told: [first] }) => first !== undefined && first.kind !== 'requestHeaders'),
    handler(call) {
      const stream: Stream = { initial: call.metadata.getMap(), told: [], said: 0 };
      streams.push(stream);
      let turn = Promise.resolve();
      call.on('data', (bytes: Buffer) => {
        const told = read(bytes);
        stream.told.push(told);
        turn = turn.then(async () => {
          for (const deed of [scriptOf(stream)(told, stream)].flat()) {
            act(call, await deed);
            stream.said += 1;
          }
        });
      });
      call.on('end', () => {
        stream.end ??= 'ended';
        call.end();
      });
      call.on('cancelled', () => {
        stream.end ??= 'cancelled';
      });
      call.on('error', () => undefined);
    },
  };
}

type Call = ServerDuplexStream<Buffer, Buffer>;

function act(call: Call, deed: Deed): void {
  if (deed === 'silence') return;
  if (deed === 'end') call.end();
  else if (deed === 'error') call.emit('error', { code: 13, details: 'as told' });
  else call.write(Buffer.from(ProcessingResponse.encode(deed).finish()));
}

function read(bytes: Buffer): Told {
  const message = ProcessingRequest.decode(bytes);
  const kind = KINDS.find((one) => message[one] !== null && message[one] !== undefined);
  if (kind === undefined) throw new Error('a message of no kind');
  const { headers, trailers, body, endOfStream } = { ...message[kind] } as {
    headers?: envoy.config.core.v3.HeaderMap.$Properties;
    trailers?: envoy.config.core.v3.HeaderMap.$Properties;
    body?: Uint8Array;
    endOfStream?: boolean;
  };
  const list = headers?.headers ?? trailers?.headers ?? [];
  return {
    kind,
    headers: Object.fromEntries(
      list.map((one) => [one.key ?? '', Buffer.from(one.rawValue ?? []).toString()]),
    ),
    body: Buffer.from(body ?? []),
    isEnd: endOfStream === true,
    metadata: flat(message.metadataContext?.filterMetadata ?? {}),
    attributes: flat(message.attributes ?? {}),
  };
}

type Structs = Readonly<Record<string, { fields?: Record<string, object> | null }>>;

function flat(structs: Structs): Record<string, string> {
  const pairs = Object.entries(structs).flatMap(([name, { fields }]) =>
    Object.entries(fields ?? {}).map(([key, value]) => [`${name}:${key}`, String(Object.values(value)[0])]),
  );
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Ways that bodies may be asked for. */
export type Bodies = 'NONE' | 'BUFFERED' | 'STREAMED';

/** The override that asks for bodies in these ways. */
export function asks(request: Bodies, response: Bodies | 'nothing' = 'NONE'): Response {
  const answers = response === 'nothing' ? 'NONE' : response;
  return {
    modeOverride: {
      requestHeaderMode: HeaderSendMode.SEND,
      responseHeaderMode: response === 'nothing' ? HeaderSendMode.SKIP : HeaderSendMode.SEND,
      requestBodyMode: BodySendMode[request],
      responseBodyMode: BodySendMode[answers],
      requestTrailerMode: request === 'STREAMED' ? HeaderSendMode.SEND : HeaderSendMode.SKIP,
      responseTrailerMode: answers === 'STREAMED' ? HeaderSendMode.SEND : HeaderSendMode.SKIP,
    },
  };
}

/** Says that the request was judged. */
export function vouches(stamp: string, rid = 'rid-inspected'): Response {
  const fields = { stamp: { stringValue: stamp }, rid: { stringValue: rid } };
  return { dynamicMetadata: { fields: { 'cg.inspected': { structValue: { fields } } } } };
}

export interface Change {
  readonly set?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
  readonly body?: Uint8Array;
  readonly replace?: true;
}

/** Goes on, changed. */
export function goes(kind: Kind, { set = {}, remove = [], body, replace }: Change = {}): Response {
  const headerMutation = { setHeaders: headerList(set), removeHeaders: [...remove] };
  if (kind === 'requestTrailers' || kind === 'responseTrailers') return { [kind]: { headerMutation } };
  const status = replace === true ? 1 : 0;
  const response = { status, headerMutation, ...(body === undefined ? {} : { bodyMutation: { body } }) };
  return { [kind]: { response } };
}

/** Ends the request with an answer of ours. */
export function answers(status: number, text: string, details = 'cg_test'): Response {
  return {
    immediateResponse: {
      status: { code: status },
      headers: {
        setHeaders: headerList({
          'content-type': 'application/problem+json',
          'x-clawgress-receipt': 'rid-1',
        }),
      },
      body: Buffer.from(text),
      details,
    },
  };
}

function headerList(
  set: Readonly<Record<string, string>>,
): envoy.config.core.v3.HeaderValueOption.$Properties[] {
  return Object.entries(set).map(([key, value]) => ({
    header: { key, rawValue: Buffer.from(value) },
    appendAction: OVERWRITE_IF_EXISTS_OR_ADD,
  }));
}

/** Reads whole bodies of requests and lets everything pass. */
export function passing(stamp: string, change: Change = {}): Script {
  return ({ kind, isEnd }) => {
    const vouched = { ...goes(kind, kind === 'requestBody' || isEnd ? change : {}), ...vouches(stamp) };
    if (kind === 'requestHeaders') return isEnd ? vouched : { ...goes(kind), ...asks('BUFFERED') };
    return kind === 'requestBody' ? vouched : goes(kind);
  };
}

export const PROCESS = {
  Process: bytesMethod('/envoy.service.ext_proc.v3.ExternalProcessor/Process', 'both_stream'),
};
