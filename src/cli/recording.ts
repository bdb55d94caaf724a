import { type Identity, openIdentity } from '../authn/identity.ts';
import type { Feed } from '../feed/ports.ts';
import { type Keyring, openKeyring } from '../keys/keyring.ts';
import type { Recorder } from '../recorder/recorder.ts';
import type { ChildProcess } from './gateway_life.ts';
import { followFeed, openPolicyFeed, type PolicyRecords } from './policy_feed.ts';
import { startRecorder } from './recorder_host.ts';

/** A recorder, and the policy and registry that it has in force. */
export interface Recording {
  readonly keyring: Keyring;
  readonly recorder: Recorder;
  readonly identity: Identity;
  readonly feed: Feed;
  readonly records: PolicyRecords;
}

/** What every process that holds the recorder opens first: nothing is judged before its policy stands in the journal. */
export async function openRecording(child: ChildProcess): Promise<Recording> {
  const keyring = openKeyring(child.layout.keys_dir);
  const recorder = await startRecorder({ ...child, keyring });
  const identity = identityFor(child);
  const journalPolicy = recorder.status().signed_policy;
  const feed = await openPolicyFeed({ ...child, identity, journalPolicy });
  const records = await followFeed(feed, recorder, child.metrics, child.log);
  return { keyring, recorder, identity, feed, records };
}

export function identityFor({ settings, log }: Pick<ChildProcess, 'settings' | 'log'>): Identity {
  return openIdentity({
    jwt_issuers: settings.jwt_issuers,
    open_environments: settings.fail_mode.open_environments,
    log,
  });
}
