import { fail } from '../../core/result.ts';
import type { RecorderService } from './service.ts';

/** Decisions of one host that wait for the recorder, over all its connections: far below what the recorder queues. */
export const HOST_APPENDS_MAX = 1_024;

/** Between two looks into the journal for what one host says it was answered with: each reads and parses lines. */
const LOOK_PAUSE_MS = 50;

/**
 * The recorder as another host may use it. What that host calls the runs and logs of its Envoy stands in the journal
 * with its name in front, and only what bears that name can be closed, swept, counted or asked for: no host can
 * speak of another's, or of our own.
 */
export function scopedService(service: RecorderService, host: string): RecorderService {
  const prefix = `${host}/`;
  const own = (id: string) => prefix + id;
  const isOwn = (epoch: string | undefined) => epoch?.startsWith(prefix) === true;
  let appends = 0;
  let looks: Promise<unknown> = Promise.resolve();
  return {
    ...service,
    append: async (proposal) => {
      if (appends >= HOST_APPENDS_MAX) return fail('RECORDER_BUSY');
      appends += 1;
      const { draft, request_key } = proposal;
      const envoy_epoch = own(draft.envoy_epoch);
      try {
        return await service.append({
          ...proposal,
          draft: { ...draft, envoy_epoch },
          request_key: own(request_key),
        });
      } finally {
        appends -= 1;
      }
    },
    close: async (notice) => {
      if (!isOwn(service.openEpoch(notice))) return;
      const { log_file_id } = notice.source;
      const source = log_file_id === undefined ? {} : { log_file_id: own(log_file_id) };
      await service.close({ ...notice, source: { ...notice.source, ...source } });
    },
    inspect: async (notice) => {
      if (isOwn(service.inspectedEpoch(notice.receipt_id))) await service.inspect(notice);
    },
    knows: async (head) => {
      const look = looks.then(() => service.knows(head));
      looks = look
        .catch(() => undefined)
        .then(() => new Promise((resolve) => setTimeout(resolve, LOOK_PAUSE_MS)));
      return await look;
    },
    sweep: (epoch) => service.sweep(own(epoch)),
    recordGap: (gap) => service.recordGap({ ...gap, log_file_id: own(gap.log_file_id) }),
    logPosition: (fileId) => service.logPosition(own(fileId)),
    gapPosition: (fileId) => service.gapPosition(own(fileId)),
    why: (ask) => (isOwn(service.receiptEpoch(ask.receipt_id)) ? service.why(ask) : undefined),
    decided: (request_id) => {
      const epoch = service.openEpoch({ request_id });
      return epoch === undefined ? service.decided(request_id) : isOwn(epoch);
    },
  };
}
