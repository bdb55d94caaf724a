import type { Sabotage } from './sabotage.ts';

const REAL = 'test/integration/intercept/handshakes.test.ts';
const UNIT = 'test/unit/server/intercepted_tunnels.test.ts';

/** Promises of what is written down of a handshake that comes to nothing. */
export const HANDSHAKES: readonly Sabotage[] = [
  {
    name: 'handshake-unwritten',
    breaks: 'Envoy writes down each connection inside an intercepted tunnel',
    file: 'src/intercept/config/inner_listeners.ts',
    find: '    access_log: [handshakeLog(shared.input.access_log)],\n',
    replace: '',
    test: { file: REAL, name: 'tells of a name without a certificate' },
  },
  {
    name: 'unasked-handshake-unwritten',
    breaks: 'a refused handshake is counted where nobody is known before a request',
    file: 'src/intercept/config/transparent_listeners.ts',
    find: "...(listen.identity === 'none' ? { access_log",
    replace: "...(listen.name === '' ? { access_log",
    test: { file: REAL, name: 'counts them by cause' },
  },
  {
    name: 'asked-handshake-written',
    breaks: 'a connection that served has no line of its own beside those of its requests',
    file: 'src/intercept/config/access_log_format.ts',
    find: ' && !has(request.protocol)',
    replace: '',
    test: { file: REAL, name: 'counts them by cause' },
  },
  {
    name: 'distrust-unnamed',
    breaks: 'a client that does not trust our authority is told from a handshake that failed in itself',
    file: 'src/core/receipt/handshake_end.ts',
    find: "return handshake.isShown ? 'tls_client_distrust' : 'tls_failed';",
    replace: "return 'tls_failed';",
    test: { file: UNIT, name: 'an intercepted tunnel says what became of its TLS' },
  },
  {
    name: 'distrust-without-advice',
    breaks: 'who asks why learns what to do about a client that does not trust our authority',
    file: 'src/cli/receipt_text.ts',
    find: '  tls_client_distrust: TRUST_STEPS,\n',
    replace: '',
    test: { file: 'test/unit/cli/texts.test.ts', name: 'why of a tunnel that came to nothing' },
  },
  {
    name: 'refused-handshake-completed',
    breaks: 'a tunnel without TLS sent nothing',
    file: 'src/core/receipt/handshake_end.ts',
    find: '    ...(isRefusedHandshake(inner) ? { attempts: 0 } : {}),\n',
    replace: '',
    test: { file: UNIT, name: 'an intercepted tunnel says what became of its TLS' },
  },
  {
    name: 'unused-handshake-counted',
    breaks: 'a gap record counts what was refused, and not a connection on which nothing was asked',
    file: 'src/server/access_log_lines.ts',
    find: 'entry.end.handshake !== undefined && !isRefusedHandshake(entry.end)',
    replace: 'entry.relay !== undefined && !isRefusedHandshake(entry.end)',
    test: { file: UNIT, name: 'is counted by its cause, and once' },
  },
  {
    name: 'handshake-forgotten',
    breaks: 'a restart between the two lines of a tunnel loses neither',
    file: 'src/server/access_log_lines.ts',
    find: 'if (entry.half !== undefined && entry.receipt_id !== undefined)',
    replace:
      'if (entry.half !== undefined && entry.receipt_id !== undefined && line.offset > cursor.closedUpTo)',
    test: { file: UNIT, name: 'a restart between the two lines of a refused handshake' },
  },
];
