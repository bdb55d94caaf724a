import type { Limit, Window } from '../../gen/policy_document.ts';
import { anchorUs, spanUs } from './budget_plan.ts';
import { type Mistake, mistake, quoted, shown } from './mistakes.ts';

const OF_BUDGETS = ['window', 'unknown_price', 'default_output_tokens'] as const;
const OF_RATES = ['rps', 'rpm', 'burst'] as const;
const SPANS = 'write minutes, hours or days up to 366d, such as 30m, 1h or 7d';

/** A limit counts requests, or tokens, or money: one of them, with what belongs to it. */
export function countedMistakes(limit: Limit, at: string): readonly Mistake[] {
  const { rps, rpm, tokens, usd_cents } = limit;
  if (tokens === undefined && usd_cents === undefined) return rateMistakes(limit, at);
  if (tokens !== undefined && usd_cents !== undefined) {
    const message = `the limit ${quoted(limit.id)} counts tokens and usd_cents`;
    return [mistake('LIMIT_AMBIGUOUS', `${at}/usd_cents`, message, 'write two limits, one for each')];
  }
  if (rps !== undefined || rpm !== undefined) {
    const message = `the limit ${quoted(limit.id)} counts requests and ${unitOf(limit)}`;
    const place = `${at}/${rps === undefined ? 'rpm' : 'rps'}`;
    return [mistake('LIMIT_AMBIGUOUS', place, message, 'write two limits, one for each')];
  }
  return budgetMistakes(limit, at);
}

function rateMistakes(limit: Limit, at: string): readonly Mistake[] {
  const found = OF_BUDGETS.filter((key) => limit[key] !== undefined).map((key) => {
    const message = `${key} on the limit ${quoted(limit.id)}, which counts requests`;
    return mistake('LIMIT_KEY_UNUSED', `${at}/${key}`, message, 'add tokens or usd_cents, or remove it');
  });
  if (limit.rps !== undefined || limit.rpm !== undefined) return found;
  const hint = 'add rps or rpm, or for calls of models tokens or usd_cents with a window';
  return [...found, mistake('RATE_MISSING', at, `the limit ${quoted(limit.id)} has no rate`, hint)];
}

function budgetMistakes(limit: Limit, at: string): readonly Mistake[] {
  const found = OF_RATES.filter((key) => limit[key] !== undefined).map((key) => {
    const message = `${key} on the limit ${quoted(limit.id)}, which counts ${unitOf(limit)}`;
    return mistake('LIMIT_KEY_UNUSED', `${at}/${key}`, message, 'remove it; a window has no burst');
  });
  const { mode = 'hard_stop', window } = limit;
  if (mode !== 'hard_stop' && mode !== 'alert_only') {
    const message = `mode ${mode} on the limit ${quoted(limit.id)}, which counts ${unitOf(limit)}`;
    found.push(mistake('MODE_INVALID', `${at}/mode`, message, 'write hard_stop or alert_only'));
  }
  if (window !== undefined) return [...found, ...windowMistakes(window, `${at}/window`)];
  const message = `the limit ${quoted(limit.id)} has no window`;
  const hint = 'add window: {sliding: 1d}, or window: {fixed: 30d, anchor: "2026-01-01"}';
  return [...found, mistake('WINDOW_MISSING', at, message, hint)];
}

function windowMistakes(window: Window, at: string): readonly Mistake[] {
  const { sliding, fixed, anchor } = window;
  const found: Mistake[] = [];
  const refuse = (key: string, message: string, hint: string) =>
    found.push(mistake('WINDOW_INVALID', key === '' ? at : `${at}/${key}`, message, hint));
  if (sliding === undefined && fixed === undefined)
    refuse('', 'the window is neither sliding nor fixed', 'write sliding: 1d, or fixed: 30d with an anchor');
  if (sliding !== undefined && fixed !== undefined)
    refuse('fixed', 'fixed stands beside sliding', 'keep one of them');
  if (sliding !== undefined && spanUs(sliding) === undefined)
    refuse('sliding', `found ${shown(sliding)}, which is too long`, SPANS);
  if (fixed !== undefined && spanUs(fixed) === undefined)
    refuse('fixed', `found ${shown(fixed)}, which is too long`, SPANS);
  if (fixed !== undefined && anchor === undefined)
    refuse('fixed', 'nothing says when a window begins', 'add anchor: "2026-01-01", a day on which one does');
  if (sliding !== undefined && fixed === undefined && anchor !== undefined)
    refuse('anchor', 'anchor beside sliding', 'remove it; a sliding window begins nowhere');
  if (anchor !== undefined && anchorUs(anchor) === undefined)
    refuse(
      'anchor',
      `found ${shown(anchor)}, which is no day of 1970 to 2095`,
      'write one such as 2026-01-01',
    );
  return found;
}

function unitOf({ tokens }: Limit): string {
  return tokens === undefined ? 'usd_cents' : 'tokens';
}
