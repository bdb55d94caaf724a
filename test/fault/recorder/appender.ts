/**
 * A process of its own that opens a recorder and appends until it is killed: `appender.ts <state dir> <prefix>
 * <clients> <appends per client>`. Each acknowledgement is one write to stdout, made after `append` resolved:
 * `ACK <request id> <seq>`. The last line is `DONE`.
 */
import { writeSync } from 'node:fs';
import { openWithPolicy, proposal } from '../../unit/recorder/workbench.ts';

const [dir = '', prefix = '', clients = '1', appends = '1'] = process.argv.slice(2);
const recorder = await openWithPolicy(dir, {
  // Long enough that a retry after the restart still falls into the window.
  checkTimeoutMs: 600_000,
  onFatal: (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(70);
  },
});
writeSync(1, 'OPEN\n');
await Promise.all(
  Array.from({ length: Number(clients) }, async (_, client) => {
    for (let i = 0; i < Number(appends); i++) {
      const request_id = `${prefix}-${client}-${i}`;
      const answer = await recorder.append(proposal({ request_id }));
      if (!answer.ok) throw new Error(JSON.stringify(answer.problem));
      writeSync(1, `ACK ${request_id} ${answer.value.seq}\n`);
    }
  }),
);
writeSync(1, 'DONE\n');
await recorder.stop();
