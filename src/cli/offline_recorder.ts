import type { Layout } from '../config/layout.ts';
import type { Settings } from '../config/settings.ts';
import { openKeyring } from '../keys/keyring.ts';
import type { RecorderOptions } from '../recorder/options.ts';
import { sentReceipts } from '../server/known_receipts.ts';
import { engine } from './package_root.ts';

/** A recorder that is opened for one command, while nothing else runs on the state folder. */
export function offlineRecorder(settings: Settings, layout: Layout): RecorderOptions {
  return {
    layout,
    // The journal is there already; refusing its file system now would only keep the evidence in.
    settings: { ...settings.recorder, allow_unsafe_storage: true },
    issuer: settings.issuer,
    engine: engine(),
    keyring: openKeyring(layout.keys_dir),
    checkTimeoutMs: settings.check_timeout_ms,
    genesis: { tenant_mode: 'single', isolation: 'same_uid', capture: 'voluntary' },
    log: {
      info: () => {},
      warn: () => {},
      error: (_, message) => void process.stderr.write(`${message}\n`),
    },
    onFatal: (error) => {
      throw error;
    },
    sentReceipts: (from) => sentReceipts(layout.envoy_dir, from),
  };
}
