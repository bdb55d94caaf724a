import { parentPort, workerData } from 'node:worker_threads';
import { compileJob, type Job } from './compile_job.ts';

// The only thing this thread ever does. What cannot be compiled is an answer, too; a fault ends the thread.
parentPort?.postMessage(compileJob(workerData as Job));
