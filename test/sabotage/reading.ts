import type { Sabotage } from './sabotage.ts';

const CLOSED = 'test/integration/intercept/inspection_fail_closed.test.ts';

const WAYS_OUT = {
  file: 'test/unit/intercept/config/ways_out.test.ts',
  name: 'all pass the Check and the stamp guard',
};

/** Promises about requests that leave only after their body was read. */
export const READING: readonly Sabotage[] = [
  {
    name: 'inspected-without-second-guard',
    breaks: 'a request whose body is to be read leaves only with the stamp of the reading',
    file: 'src/intercept/config/guards.ts',
    find: "stamped('inspected_', INSPECTED, STAMP_KEY, stamp)",
    replace: "stamped('inspected_', AUTHZ_FILTER, HELD_KEY, stamp)",
    test: { file: CLOSED, name: 'lets out what was read, and nothing that was not' },
  },
  {
    name: 'unread-bodies-go-on',
    breaks: 'a body that nobody could read does not go on',
    file: 'src/intercept/config/inspection.ts',
    find: 'failure_mode_allow: false,',
    replace: 'failure_mode_allow: true,',
    test: WAYS_OUT,
  },
  {
    name: 'held-on-plain-routes',
    breaks: 'what is held passes no guard but that of a route that reads',
    file: 'src/intercept/config/guards.ts',
    find: "return extension(FIRST, RBAC, stamped('stamp_', AUTHZ_FILTER, STAMP_KEY, stamp));",
    replace: "return extension(FIRST, RBAC, stamped('stamp_', AUTHZ_FILTER, HELD_KEY, stamp));",
    // On the real Envoy the second guard would still hold.
    test: WAYS_OUT,
  },
];
