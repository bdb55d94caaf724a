import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { TestAgent, TestRequest } from '../gen/policy_document.ts';
import { examplesOf, finish } from './action.ts';
import { registerBundles } from './commands_policy_bundle.ts';
import { type Flags, layoutFor, settingsFor, withState } from './options.ts';
import type { ExplainArgs } from './policy.ts';

const JSON_HELP = 'machine-readable output';
const SIGNED_HELP = 'as part of a signed policy bundle, which may hold exceptions';

/** `policy` and `envoy`. */
export function registerPolicy(program: Command): void {
  const policy = program.command('policy').description('check, test and explain policy documents');
  registerChecks(policy);
  registerExplain(policy);
  registerBundles(policy);
  registerSimulate(policy);
  registerEnvoy(program);
}

function registerChecks(policy: Command): void {
  const load = () => Promise.all([import('./policy.ts'), import('./policy_files.ts')]);
  const lint = policy
    .command('lint <file>')
    .description('errors and warnings, each with its place and what is allowed')
    .option('--signed', SIGNED_HELP)
    .option('--json', JSON_HELP)
    .action(async (file: string, flags: Flags) => {
      const [{ policyLint }, { PROCESS_IO }] = await load();
      finish(policyLint(fileArgs(file, flags), PROCESS_IO));
    });
  examplesOf(lint, [
    'clawgress policy lint policy.yaml',
    "clawgress policy lint --json policy.yaml | jq '.problems[] | .message'",
  ]);
  const test = policy
    .command('test <file>')
    .description('run the tests inside the document')
    .option('--signed', SIGNED_HELP)
    .option('--json', JSON_HELP)
    .action(async (file: string, flags: Flags) => {
      const [{ policyTest }, { PROCESS_IO }] = await load();
      finish(policyTest(fileArgs(file, flags), PROCESS_IO));
    });
  examplesOf(test, ['clawgress policy test policy.yaml']);
}

function registerExplain(policy: Command): void {
  const explain = policy
    .command('explain <file>')
    .description('what the document says about one request, rule by rule')
    .option('--agent <id>', 'agent id')
    .option('--tenant <id>', 'tenant id (default: default)')
    .option('--team <id>', 'team id')
    .option('--project <id>', 'project id')
    .option('--environment <id>', 'environment')
    .option('--method <method>', 'HTTP method (default: GET)')
    .option('--url <url>', 'the request')
    .option('--connect <host:port>', 'an opaque tunnel, instead of --url')
    .addOption(
      new Option('--websocket', 'the request at --url is a WebSocket handshake').conflicts('connect'),
    )
    .addOption(
      new Option('--grpc', 'the request at --url is a gRPC call').conflicts(['websocket', 'connect']),
    )
    .option('--transparent <ip:port>', 'where a transparent connection was made to')
    .option('--auth-type <type>', 'api_key, jwt, mtls or source (default: api_key)')
    .option('--body <file>', 'the body itself (- is standard input), read as the gateway reads it')
    .option('--content-type <type>', 'with --body', 'application/json')
    .option('--found <file>', 'without a body: JSON file that says what was found in it, as in tests')
    .option('--ai-kind <kind>', 'the body is a call: llm, mcp, a2a or unknown')
    .option('--provider <name>', 'provider of the call')
    .option('--endpoint <name>', 'endpoint of the call')
    .option('--model <name>', 'model of the call')
    .option('--tool <name...>', 'tools that the call declares')
    .option('--call-method <name>', 'method of a call of kind mcp or a2a')
    .option('--target <name>', 'tool, prompt or resource of a call of kind mcp')
    .option('--valid <schema...>', 'ids of schemas that the body fits')
    .option('--header <name...>', 'names of headers that the request carries')
    .option(
      '--at <time>',
      'the moment that exceptions are judged at, such as 2026-12-31T00:00:00Z (default: now)',
    )
    .option('--signed', SIGNED_HELP)
    .option('--all', 'rules for other agents and hosts, too')
    .option('--json', JSON_HELP)
    .action(async (file: string, flags: Flags & { readonly header?: string[] }) => {
      const { policyExplain } = await import('./policy.ts');
      const { PROCESS_IO } = await import('./policy_files.ts');
      const agent = texts(flags, [
        ['agent', 'agent_id'],
        ['tenant', 'tenant_id'],
        ['team', 'team_id'],
        ['project', 'project_id'],
        ['environment', 'environment'],
        ['authType', 'auth_type'],
      ]) as TestAgent;
      const request = texts(flags, [
        ['method', 'method'],
        ['url', 'url'],
        ['connect', 'connect'],
        ['transparent', 'transparent'],
      ]);
      const isOne = flags['websocket'] === true ? ['websocket'] : flags['grpc'] === true ? ['grpc'] : [];
      const [protocol] = isOne as NonNullable<TestRequest['protocol']>[];
      const { bodyFlag } = await import('./policy_body.ts');
      const body = bodyFlag(flags);
      const look = await lookOf(flags, body !== undefined || flags['connect'] !== undefined);
      const headers = flags.header === undefined ? {} : { headers: flags.header };
      const { at } = texts(flags, [['at', 'at']]);
      const args = {
        ...fileArgs(file, flags),
        all: flags['all'] === true,
        ...(at === undefined ? {} : { at }),
        ...(look === undefined ? {} : { look }),
      };
      finish(
        policyExplain(
          {
            ...args,
            agent,
            request: {
              ...request,
              ...headers,
              ...(body === undefined ? {} : { body }),
              ...(protocol === undefined ? {} : { protocol }),
            },
          },
          PROCESS_IO,
        ),
      );
    });
  examplesOf(explain, [
    'clawgress policy explain policy.yaml --agent demo-agent --team demo --url https://api.example.com/v1/items',
    'clawgress policy explain policy.yaml --agent demo-agent --connect api.example.com:443 --json',
    'clawgress policy explain policy.yaml --agent demo-agent --url https://api.example.com/live --websocket',
    'clawgress policy explain policy.yaml --agent demo-agent --method POST --url https://api.openai.com/v1/chat/completions --ai-kind llm --provider openai --model gpt-4o',
    'clawgress policy explain policy.yaml --agent demo-agent --method POST --url https://api.openai.com/v1/chat/completions --body chat.json',
    'clawgress policy explain policy.yaml --agent demo-agent --connect db.example.com:5432 --transparent 198.18.0.7:5432',
  ]);
}

async function lookOf(flags: Flags, isSaid: boolean): Promise<ExplainArgs['look']> {
  const file = flags['body'];
  if (typeof file !== 'string') return undefined;
  const { lookInto, refuseBoth, sampleBytes } = await import('./explain_body.ts');
  const { priceList } = await import('./price_list.ts');
  refuseBoth(file, isSaid);
  const body = await sampleBytes(file, String(flags['contentType']));
  return ({ policy }) => lookInto(body, policy, priceList());
}

function registerSimulate(policy: Command): void {
  const simulate = withState(
    policy
      .command('simulate <candidate>')
      .description('what a candidate would have said to recorded requests, and what would change'),
  )
    .option('--bundle <file>', 'records of this evidence bundle, instead of a state folder')
    .option('--since <when>', 'count from this time (2026-03-01T00:00:00Z) or sequence number on')
    .option('--signed', SIGNED_HELP)
    .option('--json', JSON_HELP)
    .action(async (file: string, flags: Flags) => {
      const { policySimulate } = await import('./policy_simulate.ts');
      const { PROCESS_IO } = await import('./policy_files.ts');
      const { bundleLog, journalLog } = await import('./recorded_log.ts');
      const { sinceOf } = await import('./export.ts');
      const bundle = flags['bundle'];
      const log = typeof bundle === 'string' ? bundleLog(bundle) : journalLog(layoutFor(settingsFor(flags)));
      finish(policySimulate(fileArgs(file, flags), log, sinceOf(flags['since']), PROCESS_IO));
    });
  examplesOf(simulate, [
    'clawgress policy simulate candidate.yaml',
    'clawgress policy simulate candidate.yaml --bundle evidence.zip --json',
    'clawgress policy simulate candidate.yaml --since 2026-03-01T00:00:00Z',
  ]);
}

function fileArgs(file: string, flags: Flags) {
  return { file, json: flags['json'] === true, signed: flags['signed'] === true };
}

/** The flags that were given, under the names of the document. */
function texts(
  flags: Flags,
  names: readonly (readonly [flag: string, member: string])[],
): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [flag, member] of names) {
    const value = flags[flag];
    if (typeof value === 'string') given[member] = value;
  }
  return given;
}

function registerEnvoy(program: Command): void {
  const envoy = program.command('envoy').description('the Envoy behind the gateway');
  const config = withState(
    envoy.command('config').description('print the configuration that `up` runs Envoy with'),
  )
    .option('--with-stamp', 'put the real secret of the stamp guard in, to run this configuration')
    .option('--json', 'the same; the configuration is JSON')
    .action(async (flags: Flags) => {
      const { envoyConfigCommand } = await import('./envoy.ts');
      const settings = settingsFor(flags);
      const layout = layoutFor(settings);
      const stamp = flags['withStamp'] === true ? { stamp: readFileSync(layout.stamp, 'utf8').trim() } : {};
      await envoyConfigCommand({
        settings,
        layout,
        ...stamp,
        write: (text) => void process.stdout.write(text),
      });
      finish(0);
    });
  examplesOf(config, ['clawgress envoy config > envoy.json && envoy --mode validate -c envoy.json']);
}
