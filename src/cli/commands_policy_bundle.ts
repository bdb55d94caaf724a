import type { Command } from 'commander';
import { examplesOf, finish } from './action.ts';
import { type Flags, withState } from './options.ts';

const JSON_HELP = 'machine-readable output';

/** Signed policy: what an approver and an operator do with it. */
export function registerBundles(policy: Command): void {
  registerCompile(policy);
  registerDiff(policy);
  registerKeygen(policy);
  registerSign(policy);
  registerVerify(policy);
  registerPublish(policy);
}

function registerCompile(policy: Command): void {
  const compile = policy
    .command('compile <file>')
    .description('a document with all that it inherits, as the canonical bytes that are hashed and signed')
    .option('--shadow <file>', 'a document that is only compared')
    .option('-o, --output <file>', 'where to write them')
    .option('--json', JSON_HELP)
    .action(async (file: string, flags: Flags) => {
      const { policyCompile } = await import('./policy_sign.ts');
      finish(policyCompile({ file, json: isJson(flags), ...given(flags, ['shadow', 'output']) }));
    });
  examplesOf(compile, [
    'clawgress policy compile policy.yaml',
    'clawgress policy compile policy.yaml -o policy.canonical.json',
  ]);
}

function registerDiff(policy: Command): void {
  const diff = policy
    .command('diff <old> <new>')
    .description(
      'what two documents, canonical files or bundles would do differently; 0 nothing, 1 something',
    )
    .option('--json', JSON_HELP)
    .action(async (before: string, after: string, flags: Flags) => {
      const { policyDiff } = await import('./policy_diff.ts');
      finish(policyDiff({ before, after, json: isJson(flags) }));
    });
  examplesOf(diff, [
    'clawgress policy diff policy.bundle.json policy.yaml',
    'clawgress policy diff --json old.yaml new.yaml | jq \'.changes[] | select(.kind == "rule")\'',
  ]);
}

function registerKeygen(policy: Command): void {
  const keygen = policy
    .command('keygen')
    .description('a policy key (0600), and its entry for the trust file of the gateways')
    .requiredOption('-o, --output <file>', 'the private key; keep it where policy is approved')
    .option('--keys <file>', 'trust file to add the public key to; created when missing')
    .option('--json', JSON_HELP)
    .action(async (flags: Flags & { readonly output: string }) => {
      const { policyKeygen } = await import('./policy_keygen.ts');
      finish(policyKeygen({ output: flags.output, json: isJson(flags), ...given(flags, ['keys']) }));
    });
  examplesOf(keygen, ['clawgress policy keygen -o policy.key --keys policy-keys.json']);
}

function registerSign(policy: Command): void {
  const sign = policy
    .command('sign <file>')
    .description('compile, test and sign a document or canonical file into one bundle')
    .requiredOption('--key <file>', 'the policy key, 0600')
    .option('-o, --output <file>', 'the bundle; an older one there gives the version', 'policy.bundle.json')
    .option('--version <n>', 'above the last one (default: one more than the bundle at -o, else 1)')
    .option('--valid-days <n>', 'days until it expires (default: 30)')
    .option('--valid-until <time>', 'when it expires, such as 2026-12-31T00:00:00Z')
    .option('--valid-from <time>', 'refused before')
    .option('--shadow <file>', 'a document that is only compared')
    .option('--json', JSON_HELP)
    .action(async (file: string, flags: Flags & { readonly key: string; readonly output: string }) => {
      const { policySign } = await import('./policy_sign.ts');
      const { key, output } = flags;
      const more = given(flags, ['shadow', 'version', 'validDays', 'validUntil', 'validFrom']);
      finish(policySign({ file, key, output, json: isJson(flags), ...more }));
    });
  examplesOf(sign, [
    'clawgress policy sign policy.yaml --key policy.key',
    'clawgress policy sign policy.yaml --key policy.key --version 12 --valid-days 90 -o policy.bundle.json',
  ]);
}

function registerVerify(policy: Command): void {
  const verify = policy
    .command('verify <bundle>')
    .description('signature, key, dates, digests, compilation and tests of a bundle; 0 good, 1 refused')
    .requiredOption('--keys <file>', 'trust file with the policy keys')
    .option('--at <time>', 'judge dates at this moment (default: now)')
    .option('--json', JSON_HELP)
    .action(async (bundle: string, flags: Flags & { readonly keys: string }) => {
      const { policyVerify } = await import('./policy_verify.ts');
      finish(policyVerify({ bundle, keys: flags.keys, json: isJson(flags), ...given(flags, ['at']) }));
    });
  examplesOf(verify, ['clawgress policy verify policy.bundle.json --keys policy-keys.json']);
}

function registerPublish(policy: Command): void {
  const publish = withState(
    policy
      .command('publish <bundle>')
      .description('hand a bundle to the running gateway and wait until it judges by it'),
  )
    .option('--json', JSON_HELP)
    .action(async (bundle: string, flags: Flags) => {
      const { policyPublish } = await import('./policy_publish.ts');
      finish(await policyPublish(bundle, flags));
    });
  examplesOf(publish, [
    'clawgress policy publish policy.bundle.json',
    'clawgress policy publish policy.bundle.json --config /etc/clawgress/clawgress.yaml',
  ]);
}

function isJson(flags: Flags): boolean {
  return flags['json'] === true;
}

/** The named flags that were given. */
function given<K extends string>(flags: Flags, names: readonly K[]): { readonly [N in K]?: string } {
  const found: { [N in K]?: string } = {};
  for (const name of names) {
    const value = flags[name];
    if (typeof value === 'string') found[name] = value;
  }
  return found;
}
