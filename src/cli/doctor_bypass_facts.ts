import { encodeJcs } from '../core/canonical/jcs.ts';
import { parseStrictJson } from '../core/canonical/strict_json.ts';
import { utf8Encode } from '../core/canonical/utf8.ts';
import { LIFECYCLES } from '../core/receipt/lifecycle_fields.ts';
import { checkFields } from '../core/receipt/parse_record.ts';
import type { BypassProbeFacts } from '../core/receipt/records.ts';
import type { Recorder } from '../recorder/recorder.ts';

const FACTS_LENGTH_MAX = 8_192;

/** The facts as they cross the control socket: base64url of canonical JSON, short enough for a request line. */
export function encodeFacts(facts: BypassProbeFacts): string {
  return Buffer.from(encodeJcs(facts), 'utf8').toString('base64url');
}

/** For the control socket of whoever holds the recorder. Rejects on facts that fit no record. */
export function bypassRecorder(recorder: Pick<Recorder, 'recordBypassProbe'>) {
  return async (text: string): Promise<{ recorded: true }> => {
    if (text.length > FACTS_LENGTH_MAX) throw new Error('the facts of the bypass probe are too long');
    const json = parseStrictJson(utf8Encode(Buffer.from(text, 'base64url').toString('utf8')));
    if (!json.ok || checkFields(LIFECYCLES.bypass_probe, json.value) !== undefined)
      throw new Error('these are no facts of a bypass probe');
    await recorder.recordBypassProbe(json.value as unknown as BypassProbeFacts);
    return { recorded: true };
  };
}
