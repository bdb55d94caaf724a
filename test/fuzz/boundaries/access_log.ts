import assert from 'node:assert/strict';
import { parseAccessLogLine } from '../../../src/server/codec/access_log_entry.ts';
import { type Boundary, bytesOf } from '../boundary.ts';

/** Lines of the real Envoy: a tunnel, a plain request, one that nobody could read. */
const CORPUS = [
  '{"attempts":1,"bytes_in":35,"bytes_out":172,"code":200,"details":"downstream_remote_disconnect","duration_ms":14,"flags":"DC","listener":"explicit","protocol":"HTTP/1.1","receipt_id":"rid-18","request_id":"9ee4edf0-3032-415e-a15d-1994cbe3693c","route":"tunnel","start_ms":"1795282925667","stream_id":"9ee4edf0-3032-415e-a15d-1994cbe3693c","upstream":"127.83.7.2:37405","upstream_ms":null}',
  '{"attempts":1,"bytes_in":0,"bytes_out":20,"code":200,"details":"via_upstream","duration_ms":3,"flags":"-","listener":"explicit","protocol":"HTTP/1.1","receipt_id":"01890a5d-ac96-774b-bcce-b302099a8057","request_id":"a1","route":"http","start_ms":"1795282925667","stream_id":"a1","upstream":"127.0.0.1:80","upstream_ms":"1"}',
  '{"attempts":null,"bytes_in":0,"bytes_out":66,"code":400,"details":"http1.codec_error","duration_ms":0,"flags":"DPE","listener":"explicit","protocol":null,"receipt_id":null,"request_id":null,"route":null,"start_ms":"1795282925667","stream_id":"b2","upstream":null,"upstream_ms":null}',
];

/** Judge: ids and sizes of an accepted line are those that the platform's JSON parser reads in it. */
export function accessLog(): Boundary {
  return {
    name: 'access_log',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      const result = parseAccessLogLine(input);
      if (!result.ok) return false;
      const seen = JSON.parse(Buffer.from(input).toString('utf8'));
      const { receipt_id, request_id, start_ms } = result.value;
      if (receipt_id !== undefined) assert.equal(receipt_id, seen.receipt_id);
      if (request_id !== undefined) assert.equal(request_id, seen.request_id ?? seen.stream_id);
      assert.equal(start_ms, Number(seen.start_ms));
      return true;
    },
  };
}
