// One rung of the ladder: GET TARGET at a fixed arrival rate (RPS) or with VUS clients in a closed loop.
// Run by k6/ladder.ts; by hand: k6 run -e TARGET=http://127.0.0.1:3128/hello -e RPS=300 k6/request.js
import http from 'k6/http';

const { TARGET, HOST, AUTH, RPS, VUS, SECONDS = '10', OUT } = __ENV;
const headers = {};
if (HOST) headers.Host = HOST;
if (AUTH) headers['Proxy-Authorization'] = AUTH;

export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  scenarios: {
    main: RPS
      ? {
          executor: 'constant-arrival-rate',
          rate: Number(RPS),
          timeUnit: '1s',
          duration: `${SECONDS}s`,
          preAllocatedVUs: 64,
          maxVUs: 256,
        }
      : { executor: 'constant-vus', vus: Number(VUS), duration: `${SECONDS}s` },
  },
};

export default function () {
  http.get(TARGET, { headers });
}

export function handleSummary(data) {
  const {
    http_req_duration: duration,
    http_reqs: requests,
    http_req_failed: failed,
    dropped_iterations: dropped,
  } = data.metrics;
  const row = {
    p50_ms: duration.values.med,
    p95_ms: duration.values['p(95)'],
    p99_ms: duration.values['p(99)'],
    rate: requests.values.rate,
    failed: failed.values.passes,
    dropped: dropped ? dropped.values.count : 0,
  };
  return OUT ? { [OUT]: JSON.stringify(row) } : { stdout: `${JSON.stringify(row)}\n` };
}
