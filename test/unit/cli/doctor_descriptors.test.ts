import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Patient } from '../../../src/cli/doctor_checks.ts';
import {
  checkDescriptors,
  DESCRIPTORS_WANTED,
  descriptorFinding,
  openFilesLimit,
} from '../../../src/cli/doctor_descriptors.ts';

const limits = (soft: string) =>
  `Limit                     Soft Limit           Hard Limit           Units     \nMax processes             unlimited            unlimited            processes \nMax open files            ${soft.padEnd(20)} 1048576              files     \n`;

test('the soft limit is what counts', () => {
  assert.equal(openFilesLimit(limits('1024')), 1_024);
  assert.equal(openFilesLimit(limits('unlimited')), Number.POSITIVE_INFINITY);
  for (const odd of ['', 'Max open files\n', limits('-1'), limits('x')])
    assert.throws(() => openFilesLimit(odd));
});

test('too few descriptors are a warning that names the poorest process and the way out', () => {
  const envoy = { pid: 12, name: 'envoy', files: DESCRIPTORS_WANTED - 1 };
  const node = { pid: 11, name: 'node', files: DESCRIPTORS_WANTED };
  const short = descriptorFinding([node, envoy], 1_048_576);
  assert.equal(short.status, 'warn');
  assert.match(short.detail, /^envoy \(process 12\) may open 39999 files, 20000 connections need 40000/);
  assert.match(short.fix ?? '', /ulimit -n 40000/);
  assert.equal(descriptorFinding([node], 1).status, 'ok');
  assert.equal(descriptorFinding([], DESCRIPTORS_WANTED - 1).status, 'warn');
  assert.equal(descriptorFinding([], Number.POSITIVE_INFINITY).status, 'ok');
});

test('asks the processes that up started', { skip: process.platform !== 'linux' }, async () => {
  const poor = spawn('sh', ['-c', 'ulimit -n 64; echo ready; read -r _'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(poor, 'close');
  try {
    await once(poor.stdout, 'data');
    const { status, detail } = checkDescriptors({ up: process.pid } as Patient);
    assert.deepEqual([status, detail.split(',')[0]], ['warn', `sh (process ${poor.pid}) may open 64 files`]);
    assert.doesNotMatch(checkDescriptors({} as Patient).detail, /process \d/);
  } finally {
    poor.stdin.end();
    await ended;
  }
});
