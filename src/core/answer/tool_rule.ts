import { withoutCase } from '../ai/letters.ts';
import { TOOL_NAME } from '../contract/body_facts.ts';
import type { ResponseDemands } from '../contract/demands.ts';
import type { AnswerCode } from './codes.ts';

/** Which tools the model may call. */
export class ToolRule {
  readonly #allow: ReadonlySet<string> | undefined;
  readonly #deny: ReadonlySet<string>;

  constructor({ allow, deny = [] }: NonNullable<ResponseDemands['tool_calls']>) {
    this.#allow = allow === undefined ? undefined : new Set(allow);
    this.#deny = new Set(deny.map(withoutCase));
  }

  /**
   * What is wrong with calling it. Allowed names are compared whole; denied ones without case, because agents exist that do not
   * care for it. A name of another form than tools have is nothing that a list could speak of.
   */
  mistake(name: string): AnswerCode | undefined {
    if (this.#deny.has(withoutCase(name))) return 'TOOL_CALL_DENIED';
    if (this.#allow !== undefined) return this.#allow.has(name) ? undefined : 'TOOL_CALL_DENIED';
    return TOOL_NAME.test(name) ? undefined : 'TOOL_CALL_UNREADABLE';
  }
}
