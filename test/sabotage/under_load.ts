import type { Sabotage } from './sabotage.ts';

/** Promises about inspected requests and their budgets that only the whole product can keep. */
export const UNDER_LOAD: readonly Sabotage[] = [
  {
    name: 'inspected-denial-without-receipt',
    breaks: 'a denial of an inspected request names its receipt in its headers',
    file: 'src/intercept/config/inspection.ts',
    find: "'(x-(clawgress|should)|ratelimit|proxy|retry|www|grpc)-[a-z-]+',",
    replace: "'(x-clawgress|ratelimit)-[a-z-]+',",
    test: {
      file: 'test/integration/server/inspection.test.ts',
      name: 'a body that does not fit never leaves',
    },
  },
  {
    name: 'usage-told-and-ignored',
    breaks: 'a budget is charged what the provider counted',
    file: 'src/core/ledger/reservations.ts',
    find: "(unit === 'tokens' ? tokens : cost_micro_usd) ?? reserved",
    replace: "((unit === 'tokens' ? tokens : cost_micro_usd) ?? 0) * 0 + reserved",
    test: { file: 'test/fault/budgets/settled.test.ts', name: 'settles what the provider counted' },
  },
];
