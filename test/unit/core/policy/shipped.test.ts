import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { compilePolicy } from '../../../../src/core/policy/compile.ts';
import { formatProblem } from '../../../../src/core/policy/mistakes.ts';
import { renderStarterPolicy } from '../../../../src/core/policy/starter.ts';
import { gcraOf, principalOf, requestOf } from './sample.ts';

const FOLDER = join(import.meta.dirname, '../../../../policies');
const VALUES = { DEMO_HOST: '127.83.1.2', DEMO_HTTP_PORT: 18_080, DEMO_HTTPS_PORT: 18_443 };
// In the one that people edit by hand the address is a bare word.
const textOf = (name: string) =>
  readFileSync(join(FOLDER, name), 'utf8')
    .replaceAll('"DEMO_HOST"', VALUES.DEMO_HOST)
    .replaceAll('/DEMO_HOST:', `/${VALUES.DEMO_HOST}:`);

function shipped(name: string) {
  const result = compilePolicy({ file: name, text: renderStarterPolicy(textOf(name), VALUES) });
  assert.ok(result.ok, result.ok ? '' : result.problem.map(formatProblem).join('\n'));
  return result.value;
}

describe('shipped policies', () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.yaml'))) {
    it(`${name} compiles without a warning and tests itself`, () => {
      const { warnings, document } = shipped(name);
      assert.deepEqual(warnings, []);
      assert.ok((document.tests ?? []).length > 0);
    });
  }
});

describe('the starter policy', () => {
  const { policy } = shipped('starter.yaml');
  const demo = { team_id: 'demo', project_id: 'tour', environment: 'dev' };
  const ask = (agent_id: string, sample: Parameters<typeof requestOf>[0]) => {
    const who = principalOf({ ...demo, agent_id });
    const request = requestOf(sample);
    return {
      verdict: policy.evaluate(request, who).live.verdict,
      limits: policy.limits(request, who).map(gcraOf),
    };
  };
  const base = 'http://127.83.1.2:18080';

  it('lets demo-agent do anything with the demo upstream, without a limit', () => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
      assert.deepEqual(ask('demo-agent', { method, url: `${base}/any/../path?q=1` }), {
        verdict: 'allow',
        limits: [],
      });
    }
    assert.equal(ask('demo-agent', { url: 'https://127.83.1.2:18443/sse' }).verdict, 'allow');
    for (const port of [18_080, 18_443])
      assert.equal(ask('demo-agent', { connect: `127.83.1.2:${port}` }).verdict, 'allow');
    assert.equal(ask('demo-agent', { connect: '127.83.1.2:22' }).verdict, 'deny');
  });
  it('lets demo-limited read three paths, five a second', () => {
    for (const path of ['/hello', '/json', '/sse', '/sse/x']) {
      const { verdict, limits } = ask('demo-limited', { url: base + path });
      assert.equal(verdict, 'allow');
      assert.deepEqual(
        limits.map(({ period_us, tolerance_us, mode }) => [period_us, tolerance_us, mode]),
        [[200_000, 800_000, 'hard_stop']],
      );
    }
    for (const path of ['/', '/slow', '/helloo', '/hello/../slow'])
      assert.equal(ask('demo-limited', { url: base + path }).verdict, 'deny');
    assert.equal(ask('demo-limited', { method: 'POST', url: `${base}/hello` }).verdict, 'deny');
    assert.equal(ask('demo-limited', { connect: '127.83.1.2:18443' }).verdict, 'deny');
  });
});

describe('rendering the starter policy', () => {
  const placeholder = (name: string) => `\${${name}}`;

  it('refuses values that could be read as YAML', () => {
    for (const DEMO_HOST of ['a: b', '"x"', '127.0.0.1\n', '', 'demo.example']) {
      assert.throws(() => renderStarterPolicy(placeholder('DEMO_HOST'), { ...VALUES, DEMO_HOST }), TypeError);
    }
    assert.throws(
      () => renderStarterPolicy(placeholder('DEMO_HTTP_PORT'), { ...VALUES, DEMO_HTTP_PORT: 1.5 }),
      TypeError,
    );
  });
  it('refuses placeholders it does not know', () => {
    assert.throws(
      () => renderStarterPolicy(placeholder('DEMO_NAME'), VALUES),
      /unknown placeholder DEMO_NAME/,
    );
  });
});
