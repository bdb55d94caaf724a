import { join } from 'node:path';
import type { ClientKind } from './client_list.ts';
import { cargoPlace, curlPlace } from './trust_block.ts';
import { gitPlace } from './trust_git.ts';
import { type JavaStore, javaPlace } from './trust_java.ts';
import type { RunTool, TrustPlace } from './trust_place.ts';
import { type SystemStore, systemPlace } from './trust_system.ts';

export interface TrustContext {
  /** PEM texts of our CA certificates. */
  readonly own: readonly string[];
  /** Lasting file with the system's roots and ours, for settings that replace the trust store; absolute path. */
  readonly ca_file: string;
  readonly home: string;
  readonly cargo_home?: string;
  /** Undefined: there is no JDK here. */
  readonly java?: JavaStore;
  readonly system: SystemStore;
  readonly run: RunTool;
}

/** Where this client keeps trust in a place that we may write; undefined: it has none, only variables. */
export function trustPlaceOf(client: ClientKind, context: TrustContext): TrustPlace | undefined {
  const { own, ca_file, home, run } = context;
  switch (client) {
    case 'curl':
      return curlPlace(home, ca_file);
    case 'git':
      return gitPlace(ca_file, run);
    case 'cargo':
      return cargoPlace(context.cargo_home ?? join(home, '.cargo'), ca_file);
    case 'java':
      return context.java === undefined ? undefined : javaPlace(own, context.java, run);
    case 'apt':
    case 'system':
      return systemPlace(own, context.system, run);
    case 'node':
    case 'python':
      return undefined;
  }
}
