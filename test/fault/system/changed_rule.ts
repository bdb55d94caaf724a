import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy } from '../../../src/core/policy/compile.ts';
import { parseRecord } from '../../../src/core/receipt/parse_record.ts';
import { Replay } from '../../../src/core/verdict/replay.ts';
import type { World } from '../../support/fault_world.ts';

/** What one change of the policy would have changed, as replay says and as the change itself says. */
export interface Changed {
  readonly expected: number;
  /** Named by replay and not expected, or the other way round; receipt ids. */
  readonly disagreements: readonly string[];
  /** What `clawgress policy simulate` says changes. */
  readonly simulated: number;
}

/** Takes the rule for raw tunnels out of the policy: exactly the raw tunnels that were allowed must come out differently. */
export function changedRule(world: World, bundle: string): Changed {
  const text = readFileSync(world.policyFile, 'utf8');
  const changed = text.replace(/ {2}- id: tunnels\n.*\n.*\n/, '');
  if (changed === text) throw new Error('the policy has no rule for tunnels');
  const compiled = compilePolicy({ file: 'changed.yaml', text: changed });
  if (!compiled.ok)
    throw new Error(`the changed policy does not compile: ${JSON.stringify(compiled.problem)}`);
  const replay = new Replay({ complete: false });
  const expected = new Set<string>();
  const named = new Set<string>();
  for (const { record: naive, body } of world.records()) {
    if (naive['type'] !== 'decision') continue;
    const { protocol, tls } = naive['request'];
    if (protocol === 'connect' && tls === 'raw' && naive['verdict'] === 'allow')
      expected.add(naive['receipt_id']);
    const record = parseRecord(body);
    if (!record.ok || record.value.type !== 'decision')
      throw new Error(`${naive['receipt_id']} cannot be read`);
    const outcome = replay.decision(record.value, compiled.value.policy);
    if (outcome.kind !== 'same') named.add(naive['receipt_id']);
  }
  const disagreements = [
    ...[...expected].filter((id) => !named.has(id)),
    ...[...named].filter((id) => !expected.has(id)),
  ];
  const file = join(world.stateDir, '..', 'changed.yaml');
  writeFileSync(file, changed);
  const simulated = world.cli('policy', 'simulate', file, '--bundle', bundle, '--json', ...world.stateFlags);
  return { expected: expected.size, disagreements, simulated: JSON.parse(simulated.stdout).different };
}
