import {
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

export interface TracingOptions {
  /** OTLP/HTTP traces endpoint, for instance `http://127.0.0.1:4318/v1/traces`. */
  readonly endpoint: string;
  /** `service.instance.id` of every span. */
  readonly instance: string;
  readonly version: string;
}

export interface Tracing {
  /** The span of one Check. Undefined when Envoy did not sample the request: only Envoy decides what is traced. */
  check(traceparent: string | undefined): CheckSpan | undefined;
  /** Sends what is waiting, bounded in time. */
  stop(): Promise<void>;
}

/** Holds ids, codes and times; never a path, a host, a header or an agent. */
export interface CheckSpan {
  /** From the proposal to the durable answer of the recorder. Call the result when it has come. */
  recording(): () => void;
  end(facts: { readonly reason: string; readonly recorded: boolean; readonly receiptId: string }): void;
}

const QUEUE_MAX = 2_048;
const BATCH_MAX = 256;
const EXPORT_TIMEOUT_MS = 5_000;
const DELAY_MS = 1_000;
// W3C Trace Context, version 00. Later versions may add parts; Envoy sends this one.
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Spans as OTLP over HTTP. A collector that is away costs dropped spans and nothing else. */
export function startTracing({ endpoint, instance, version }: TracingOptions): Tracing {
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'clawgress', 'service.instance.id': instance }),
    sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_MAX,
        maxExportBatchSize: BATCH_MAX,
        scheduledDelayMillis: DELAY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('clawgress', version);
  return {
    check(traceparent) {
      const parent = parentOf(traceparent);
      if (parent === undefined) return undefined;
      const context = trace.setSpanContext(ROOT_CONTEXT, parent);
      const span = tracer.startSpan('clawgress.check', { kind: SpanKind.SERVER }, context);
      return checkSpan(span, () => {
        const append = tracer.startSpan('clawgress.append', {}, trace.setSpan(context, span));
        return () => append.end();
      });
    },
    stop: async () => {
      await provider.shutdown().catch(() => undefined);
    },
  };
}

function checkSpan(span: Span, recording: () => () => void): CheckSpan {
  return {
    recording,
    end({ reason, recorded, receiptId }) {
      span.setAttributes({ 'clawgress.reason': reason, 'clawgress.recorded': recorded });
      if (recorded) span.setAttribute('clawgress.receipt_id', receiptId);
      else span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
      span.end();
    },
  };
}

/** Sampled parents only; anything else starts nothing. */
function parentOf(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags = '00'] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const traceFlags = Number.parseInt(flags, 16);
  if ((traceFlags & 1) === 0 || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags, isRemote: true };
}
