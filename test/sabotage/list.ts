import { AGENTS_SIDE } from './agents_side.ts';
import { AI } from './ai.ts';
import { ANSWERS } from './answers.ts';
import { BODY } from './body.ts';
import { BUDGETS } from './budgets.ts';
import { BYPASS } from './bypass.ts';
import { CORE } from './core.ts';
import { HANDSHAKES } from './handshakes.ts';
import { HELD } from './held.ts';
import { INSPECT } from './inspect.ts';
import { INSPECTIONS } from './inspections.ts';
import { PKI } from './pki.ts';
import { READING } from './reading.ts';
import { RECORDER } from './recorder.ts';
import { REDIRECTED } from './redirected.ts';
import { RELAY } from './relay.ts';
import type { Sabotage } from './sabotage.ts';
import { SELF } from './self.ts';
import { SHELLS } from './shells.ts';
import { SOURCES } from './sources.ts';
import { STREAMS } from './streams.ts';
import { UNDER_LOAD } from './under_load.ts';
import { UPGRADES } from './upgrades.ts';
import { WAYS_IN } from './ways_in.ts';

/** Every promise that is broken on purpose, by the room of the line that breaks it. */
export const SABOTAGES: readonly Sabotage[] = [
  ...AGENTS_SIDE,
  ...AI,
  ...ANSWERS,
  ...BODY,
  ...BUDGETS,
  ...BYPASS,
  ...CORE,
  ...HANDSHAKES,
  ...HELD,
  ...INSPECTIONS,
  ...INSPECT,
  ...PKI,
  ...READING,
  ...RECORDER,
  ...REDIRECTED,
  ...RELAY,
  ...SELF,
  ...SHELLS,
  ...SOURCES,
  ...UNDER_LOAD,
  ...UPGRADES,
  ...STREAMS,
  ...WAYS_IN,
];
