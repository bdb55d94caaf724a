import type { Sabotage } from './sabotage.ts';

const PROPERTY = {
  file: 'test/unit/core/ledger/budgets_property.test.ts',
  name: 'settle and give back like the naive judge',
};

export const BUDGETS: readonly Sabotage[] = [
  {
    name: 'budget-settle-forgotten',
    breaks: 'what a call came to takes the place of what it reserved',
    file: 'src/core/ledger/ledger.ts',
    find: '    if (settled !== undefined) this.#limits.foldSettlement(decision_ref, settled, ledger_ms * 1_000);\n',
    replace: '    void [decision_ref, settled, ledger_ms];\n',
    test: PROPERTY,
  },
  {
    name: 'budget-release-forgotten',
    breaks: 'a call that never left gives back what it reserved',
    file: 'src/core/ledger/reservations.ts',
    find: "    if (state === 'not_sent') {",
    replace: "    if (state === 'not_sent' && now_us < 0) {",
    test: PROPERTY,
  },
  {
    name: 'budget-window-short',
    breaks: 'no window of any position holds more than the cap',
    file: 'src/core/policy/budget_plan.ts',
    find: 'slots: SLOTS_PER_WINDOW + 1, anchor_us: 0 }',
    replace: 'slots: SLOTS_PER_WINDOW, anchor_us: 0 }',
    test: { file: 'test/unit/core/policy/budgets.test.ts', name: 'never hold more than the cap' },
  },
  {
    name: 'budget-slot-leaves-early',
    breaks: 'a charge counts until its slot has left the window as a whole',
    file: 'src/core/ledger/budget_window.ts',
    find: '(Math.floor((at_us - anchor_us) / slot_us) + slots) * slot_us',
    replace: '(Math.floor((at_us - anchor_us) / slot_us) + Math.max(1, slots - 1)) * slot_us',
    test: {
      file: 'test/unit/core/ledger/budgets_property.test.ts',
      name: 'no window of any position holds more than the cap',
    },
  },
  {
    name: 'budget-charges-refused',
    breaks: 'a refused call is charged to no budget',
    file: 'src/core/ledger/tested_budget.ts',
    find: '  const isCharged = charged && !one.keys_full;',
    replace: '  const isCharged = !one.keys_full;',
    test: PROPERTY,
  },
  {
    name: 'replay-ignores-settlements',
    breaks: 'replay settles what the records say, and finds what was settled wrongly',
    file: 'src/core/verdict/replay_limits.ts',
    find: '    if (settled !== undefined) this.#folded.foldSettlement(decision_ref, settled, now_us);\n',
    replace: '',
    test: PROPERTY,
  },
  {
    name: 'budget-passes-unpriced',
    breaks: 'a call that nobody can price is refused by a budget',
    file: 'src/core/verdict/decide.ts',
    find: '  const refusal = policy.refusal(request, principal);',
    replace: '  const refusal = undefined as ReturnType<CompiledPolicy["refusal"]>;',
    test: { file: 'test/unit/core/policy/budgets.test.ts', name: 'refuse what nobody can count or price' },
  },
  {
    name: 'restore-refills-budgets',
    breaks: 'a restored log refills no budget',
    file: 'src/core/ledger/budget_step.ts',
    find: '  if (exhausted_us === undefined) return slots;',
    replace: '  if (exhausted_us === undefined || now_us > 0) return slots;',
    test: { file: 'test/unit/core/ledger/budgets.test.ts', name: 'began with a restore refills nothing' },
  },
];
