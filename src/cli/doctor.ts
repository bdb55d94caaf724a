import { processEnvironment } from '../config/environment.ts';
import { allChecks, type Finding } from './doctor_checks.ts';
import { EXIT } from './exit.ts';
import { type Flags, layoutFor, settingsFor } from './options.ts';

const MARK = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

/** `doctor`: every check, even when an earlier one failed. 1 when one fails; warnings alone are fine. */
export async function doctor(flags: Flags): Promise<number> {
  const settings = settingsFor(flags);
  const found = await allChecks({ settings, layout: layoutFor(settings), env: processEnvironment() });
  const failed = found.some((finding) => finding.status === 'fail');
  if (flags['json'] === true) {
    process.stdout.write(`${JSON.stringify({ ok: !failed, checks: found }, null, 2)}\n`);
  } else {
    process.stdout.write(doctorText(found, flags['suggestFixes'] === true));
  }
  return failed ? EXIT.no : EXIT.ok;
}

export function doctorText(found: readonly Finding[], withFixes: boolean): string {
  const lines = found.flatMap(({ status, check, detail, fix }) => {
    const line = `${MARK[status]}  ${check.padEnd(12)}  ${detail}`;
    return withFixes && fix !== undefined && status !== 'ok'
      ? [line, `                    fix: ${fix}`]
      : [line];
  });
  const count = (status: Finding['status']) => found.filter((finding) => finding.status === status).length;
  const hint =
    !withFixes && found.some(({ status, fix }) => status !== 'ok' && fix !== undefined)
      ? '; --suggest-fixes says what to do'
      : '';
  return `${lines.join('\n')}\n\n${count('ok')} ok, ${count('warn')} warnings, ${count('fail')} failures${hint}\n`;
}
