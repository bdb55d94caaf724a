import { Utf8Check } from './utf8_check.ts';
import type { Violation } from './violation.ts';

/** Checks the payload of a close frame byte by byte: nothing, or a code and a reason (RFC 6455 sections 5.5.1, 7.4). */
export class CloseReason {
  #bytes = 0;
  #code = 0;
  readonly #reason = new Utf8Check();

  take(byte: number): Violation | undefined {
    this.#bytes += 1;
    if (this.#bytes > 2) return this.#reason.take(byte) ? undefined : { code: 1007, why: 'NOT_UTF8' };
    this.#code = this.#code * 256 + byte;
    const isKnown = this.#bytes < 2 || mayBeSent(this.#code);
    return isKnown ? undefined : { code: 1002, why: 'CLOSE_CODE' };
  }

  end(): Violation | undefined {
    if (this.#bytes === 1) return { code: 1002, why: 'CLOSE_PAYLOAD' };
    return this.#reason.isWhole ? undefined : { code: 1007, why: 'NOT_UTF8' };
  }
}

/** 1004 to 1006 and 1015 must not be on the wire; 1012 to 1014 are in IANA's registry; 3000 on are for libraries and programs. */
function mayBeSent(code: number): boolean {
  const isOfProtocol = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
  return isOfProtocol || (code >= 3000 && code <= 4999);
}
