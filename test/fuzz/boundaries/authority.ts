import assert from 'node:assert/strict';
import type { RawRequest } from '../../../src/core/request/egress_request.ts';
import { normalise } from '../../../src/core/request/normalise.ts';
import { type Boundary, bytesOf, latin1 } from '../boundary.ts';

const CORPUS = [
  'api.example',
  'API.Example:8080',
  'api.example:8080',
  'a-b.c_d.example:1',
  '192.0.2.1:80',
  '[2001:db8::1]:443',
  '[::1]',
  'xn--bcher-kva.example',
  'localhost:65535',
  '0x7f.1',
  '2130706433',
  '0177.0.0.1',
  'a.example.',
  'user@a.example',
  'a.example:',
  'a..b',
  '1.2.3.4.5',
];

export function requestTo(authority: string, path = '/'): RawRequest {
  return { mode: 'explicit', method: 'GET', scheme: 'http', authority, path, headers: [] };
}

/** The one place that a tunnel of this test leads to. */
function insideTunnel(authority: string): RawRequest {
  const tunnel = { authority: 'api.example:8080', sni: 'api.example' };
  return { ...requestTo(authority), mode: 'intercepted', scheme: 'https', tunnel };
}

/** Judge: the URL parser of the platform, which knows nothing of ours. What we accept it must read as the same place. */
export function authority(): Boundary {
  return {
    name: 'authority',
    corpus: CORPUS.map(bytesOf),
    check(input) {
      const text = latin1(input);
      if (normalise(insideTunnel(text), { ports: [] }).ok)
        assert.equal(new URL(`http://${text}/`).host, 'api.example:8080');
      const result = normalise(requestTo(text), { ports: [] });
      if (!result.ok) return false;
      const { host, port, host_kind } = result.value.request;
      // A label in ASCII form that decodes to nothing is still a name that DNS can hold; the platform refuses to read it.
      if (host.includes('xn--') && !URL.canParse(`http://${text}/`)) return true;
      const seen = new URL(`http://${text}/`);
      assert.equal(seen.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, ''), host);
      assert.equal(Number(seen.port || 80), port);
      assert.equal(seen.username + seen.password + seen.search + seen.hash, '');
      assert.match(host, /^[a-z0-9._:-]{1,253}$/);
      const again = normalise(requestTo(`${host_kind === 'ipv6' ? `[${host}]` : host}:${port}`), {
        ports: [],
      });
      assert.ok(again.ok && again.value.request.host === host && again.value.request.port === port);
      return true;
    },
  };
}
