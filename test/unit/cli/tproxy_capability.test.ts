import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseWithoutCapability } from '../../../src/cli/tproxy_capability.ts';
import type { TransparentSettings } from '../../../src/config/settings.ts';

const OFF: TransparentSettings = { uid_listeners: [{ uid: 2001, port: 15_011 }], tproxy_identity: 'source' };
const tried = (transparent: TransparentSettings, effective: string) => {
  try {
    refuseWithoutCapability(
      { transparent },
      () => `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${effective}\n`,
    );
    return 'fine';
  } catch (error) {
    return error instanceof Error ? error.message : 'another';
  }
};

test('a transparent listener is refused before Envoy fails at it, and only where it is asked for', () => {
  const on = { ...OFF, tproxy_port: 15_021 };
  assert.equal(tried(OFF, '0000000000000000'), 'fine');
  assert.match(tried(on, '0000000000000000'), /tproxy_port: 15021 needs CAP_NET_ADMIN/);
  assert.match(tried(on, '0000000000000400'), /needs CAP_NET_ADMIN/);
  assert.equal(tried(on, '0000000000001000'), 'fine');
  assert.equal(tried(on, '0000000000002000'), 'fine');
  assert.equal(tried(on, '000001ffffffffff'), 'fine');
});
