import { type ItemChange, type MemberChange, policyDifference } from '../core/policy_bundle/difference.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { documentsOf, readPolicyInput } from './policy_input.ts';

const SIGNS = { added: '+', removed: '-', changed: '~' } as const;

export interface DiffArgs {
  readonly before: string;
  readonly after: string;
  readonly json: boolean;
}

/** `policy diff <old> <new>`: what the two would do differently. 0 when nothing, 1 otherwise. */
export function policyDiff({ before, after, json }: DiffArgs): ExitCode {
  const old = readPolicyInput(before).compilation;
  const now = readPolicyInput(after).compilation;
  const changes = policyDifference(documentsOf(old), documentsOf(now));
  if (json) {
    const hashes = { before: old.policy.policy_hash, after: now.policy.policy_hash };
    process.stdout.write(`${JSON.stringify({ same: changes.length === 0, ...hashes, changes }, null, 2)}\n`);
  } else {
    process.stdout.write(changes.length === 0 ? 'no difference\n' : changes.map(changeLine).join(''));
  }
  return changes.length === 0 ? EXIT.ok : EXIT.no;
}

function changeLine({ document, kind, item, change, members }: ItemChange): string {
  const what = kind === 'document' ? `document ${document}` : `${kind} ${document}/${item}`;
  return `${SIGNS[change]} ${what}: ${members.map(memberText).join('; ')}\n`;
}

function memberText({ path, before, after, added = [], removed = [] }: MemberChange): string {
  const moved = [...added.map((one) => `+${one}`), ...removed.map((one) => `-${one}`)];
  if (moved.length > 0) return `${path} ${moved.join(' ')}`;
  if (before === undefined) return `${path} ${shown(after)}`;
  if (after === undefined) return `${path} was ${shown(before)}`;
  return `${path} ${shown(before)} -> ${shown(after)}`;
}

function shown(value: MemberChange['before']): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
