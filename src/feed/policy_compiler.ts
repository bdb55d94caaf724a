import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { planAgain } from '../core/policy/plan_again.ts';
import type { PolicySources } from '../core/policy_bundle/verify.ts';
import { ok } from '../core/result.ts';
import { compileJob, type Job, type JobResult } from './compile_job.ts';
import type { PolicyCompiler } from './ports.ts';

/** Characters up to which a thread would cost more time than it saves. */
const INLINE_CHARS_MAX = 8_192;
/** A document that takes longer than this in its thread is refused. */
const COMPILE_MS_MAX = 60_000;
/** Beside the compiled form of this file. Sources that run as they are (tests) have no form that a thread could load. */
const WORKER = import.meta.url.endsWith('.ts') ? undefined : new URL('./compile_worker.js', import.meta.url);

/**
 * Compiles large documents in a thread of their own, so that no Check waits for them; this thread only builds the plan
 * from canonical bytes, in pieces. Small documents are compiled here, which is faster than starting a thread.
 */
export function policyCompiler(): PolicyCompiler {
  return {
    async local(sources) {
      const done = await run({ kind: 'local', sources }, charsOf(sources));
      if (!done.ok) return done;
      const { compiled, warnings } = done.value;
      return ok({ policy: await betweenTurns(planAgain(compiled)), warnings });
    },
    async signed(input) {
      const done = await run({ kind: 'signed', input }, input.file.length);
      if (!done.ok) return done;
      const { compiled, bundle } = done.value;
      return ok({ policy: await betweenTurns(planAgain(compiled)), bundle });
    },
  };
}

/** What has been waiting for this long is let in. */
const TURN_MS = 4;

/** The steps, with a turn of the event loop between those that took long enough together. */
async function betweenTurns<T>(steps: Generator<undefined, T>): Promise<T> {
  for (let since = performance.now(); ; ) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() - since < TURN_MS) continue;
    await nextTurn();
    since = performance.now();
  }
}

function run<K extends Job['kind']>(job: Extract<Job, { kind: K }>, size: number): Promise<JobResult[K]> {
  if (WORKER === undefined || size <= INLINE_CHARS_MAX) return Promise.resolve(compileJob(job));
  return inThread(WORKER, job);
}

async function inThread<K extends Job['kind']>(
  file: URL,
  job: Extract<Job, { kind: K }>,
): Promise<JobResult[K]> {
  const worker = new Worker(file, { workerData: job, name: 'policy' });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<JobResult[K]>((resolve, reject) => {
      const give = (why: string) => () => reject(new Error(why));
      timer = setTimeout(give(`compiling took longer than ${COMPILE_MS_MAX} ms`), COMPILE_MS_MAX);
      worker.once('message', (result: JobResult[K]) => resolve(result));
      worker.once('error', reject);
      worker.once('exit', give('the thread that compiles policy ended early'));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function charsOf({ entry, others, shadow }: PolicySources): number {
  return [entry, ...others, ...(shadow ? [shadow] : [])].reduce((sum, { text }) => sum + text.length, 0);
}
