import type { Exception, Rule } from '../../gen/policy_document.ts';
import { type Lineage, lineageWithin } from './lineage.ts';
import { type Mistake, mistake, pointerOf, quoted } from './mistakes.ts';
import { type Member, type Problems, problemsIn } from './part.ts';

/** Who vouches for a policy: whoever can write the file, or the holder of a policy key. */
export type PolicyTrust = 'local' | 'signed';

/** Exceptions that nobody signed, or that name no deny rule above their own document. */
export function exceptionProblems(lineage: Lineage, trust: PolicyTrust): Problems {
  return [lineage.entry, ...lineage.ancestors].flatMap((member) => {
    const { exceptions } = member.document;
    if (exceptions === undefined) return [];
    if (trust === 'local') return problemsIn(member.part, [UNSIGNED]);
    const rules = rulesAbove(lineageWithin(lineage, member));
    return problemsIn(
      member.part,
      exceptions.flatMap((exception, i) => targetMistake(exception, i, rules)),
    );
  });
}

const UNSIGNED: Mistake = {
  ...mistake(
    'EXCEPTION_UNSIGNED',
    '/exceptions',
    'exceptions stand in a policy that nobody signed',
    'remove them, or publish this document in a signed policy bundle',
  ),
  at: 'key',
};

function rulesAbove({ ancestors }: { ancestors: readonly Member[] }): ReadonlyMap<string, Rule> {
  return new Map(
    ancestors.flatMap(({ document }) => document.rules.map((rule) => [`${document.id}/${rule.id}`, rule])),
  );
}

function targetMistake(
  exception: Exception,
  index: number,
  rules: ReadonlyMap<string, Rule>,
): readonly Mistake[] {
  const at = pointerOf('exceptions', index, 'to');
  const rule = rules.get(exception.to);
  if (rule?.action === 'deny') return [];
  const message = rule
    ? `the rule ${quoted(exception.to)} has the action ${rule.action}`
    : `no parent has the rule ${quoted(exception.to)}`;
  return [
    mistake('EXCEPTION_TARGET', at, message, 'name a deny rule of an inherited document: document/rule'),
  ];
}
