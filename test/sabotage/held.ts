import type { Sabotage } from './sabotage.ts';

const EXCHANGE = 'test/unit/server/inspect/exchange.test.ts';
const SEVERAL = 'test/integration/inspected_several/inspected_several.test.ts';

/** Requests whose body decides. */
export const HELD: readonly Sabotage[] = [
  {
    name: 'early-second-stamp',
    breaks: 'the second stamp exists only where a recorded allow stands behind it',
    file: 'src/server/inspect/exchange.ts',
    find: "this.#proceed(message, { mode: { request: 'buffered', response: 'none' } });",
    replace:
      "this.#proceed(message, { mode: { request: 'buffered', response: 'none' }, inspected: { stamp: this.#deps.settings.stamp, rid: '' } });",
    test: { file: EXCHANGE, name: 'a body is waited for, judged, recorded' },
  },
  {
    name: 'sent-and-told-to-retry',
    breaks: 'what was sent is not told to be repeated for want of room',
    file: 'src/server/inspect/answer_side.ts',
    find: "if (this.#room === undefined) return { way: 'refused', denial: this.#denial('RESPONSE_BLOCKED') };",
    replace: "if (this.#room === undefined) return { way: 'refused', denial: this.#denial('INSPECT_BUSY') };",
    test: { file: EXCHANGE, name: 'an answer for which there is no room' },
  },
  {
    name: 'room-by-promise',
    breaks: 'bodies of unknown length cannot fill Envoy by way of a rule that takes small ones',
    file: 'src/server/inspect/body_way.ts',
    find: 'bytes: Math.max(most, UNANNOUNCED_BYTES_LEAST)',
    replace: 'bytes: most',
    test: { file: 'test/unit/server/inspect/body_way.test.ts', name: 'bodies that do not say how long' },
  },
  {
    name: 'facts-of-another-policy',
    breaks: 'facts are not judged by a policy that asked for others',
    file: 'src/server/inspect/judge_body.ts',
    find: 'if (now.policy.policy_hash !== asked.policy_hash) continue;',
    replace: '',
    test: { file: EXCHANGE, name: 'facts are judged by the policy that they were found for' },
  },
  {
    name: 'pending-unverified',
    breaks: 'the ticket of a held request cannot be changed',
    file: 'src/server/inspect/pending_ticket.ts',
    find: ', decipher.final()]',
    replace: ']',
    test: {
      file: 'test/unit/server/inspect/pending_ticket.test.ts',
      name: 'the tag is what makes it a ticket',
    },
  },
  {
    name: 'pending-forgotten',
    breaks: 'a body that never comes leaves a decision',
    file: 'src/server/inspect/exchange.ts',
    find: '        await this.#request?.late();\n',
    replace: '',
    test: { file: EXCHANGE, name: 'a body that never comes is recorded at once' },
  },
  {
    name: 'pending-left-in-log',
    breaks: 'a request whose holder has died is denied on record, and not counted as a gap',
    file: 'src/server/access_log_lines.ts',
    find: '      if (!isLate && (await this.#denied(file, suspect))) continue;\n',
    replace: '',
    test: { file: 'test/unit/server/held_requests.test.ts', name: 'a held request whose holder died' },
  },
  {
    name: 'admission-kept',
    breaks: 'room for bodies comes back, whatever became of them',
    file: 'src/server/inspect/admission.ts',
    find: '    this.#hold?.leave(this.#bytes);\n',
    replace: '',
    test: { file: 'test/unit/server/inspect/admission.test.ts', name: 'everything comes back once' },
  },
  {
    name: 'end-before-record',
    breaks: 'the end of an answer is recorded before it is told',
    file: 'src/server/inspect/inspection_records.ts',
    find: '      await recorded;\n',
    replace: '',
    test: { file: EXCHANGE, name: 'its end waits for its record' },
  },
  {
    name: 'answer-unread',
    breaks: 'an answer that is to be looked at never goes by the plain route',
    file: 'src/server/reply.ts',
    find: "    if (verdict.response !== undefined) throw new Error('invariant: an answer would pass unread');\n",
    replace: '',
    test: { file: 'test/unit/server/inspect/hold.test.ts', name: 'an answer that would pass unread' },
  },
  {
    name: 'late-in-another-name',
    breaks: 'a body that comes to another gateway than its Check, and never ends, is recorded',
    file: 'src/server/inspect/judge_body.ts',
    find: 'lateProposal(ticket, settings.gatewayId)',
    replace: 'lateProposal(ticket, ticket.draft.gateway_id || settings.gatewayId)',
    test: { file: SEVERAL, name: 'denied by whoever waited for it' },
  },
  {
    name: 'forsaken-unread',
    breaks: 'the recorder denies what a killed gateway was waiting for',
    file: 'src/cli/recorder_host.ts',
    find: 'closePending(recorder, keyring.hmac, pending, epoch, parts.gatewayId)',
    replace: 'Promise.resolve(pending === epoch && closePending === undefined && keyring === undefined)',
    test: { file: SEVERAL, name: 'killing a gateway harms|what a killed gateway was waiting for' },
  },
  {
    name: 'drain-cuts-answers',
    breaks: 'a gateway that is drained cuts no answer that it reads',
    file: 'src/cli/gateway_member.ts',
    find: 'if (member.settings.gateways > 1) await answersToEnd(',
    replace: 'if (member.settings.gateways > 99) await answersToEnd(',
    test: { file: SEVERAL, name: 'a gateway that is drained' },
  },
  {
    name: 'room-for-each',
    breaks: 'the gateways of a host share the room for bodies',
    file: 'src/cli/gateway_inspection.ts',
    find: 'new Admission(Math.floor(bytes_max / settings.gateways))',
    replace: 'new Admission(bytes_max)',
    test: { file: SEVERAL, name: 'shared by the gateways' },
  },
];
