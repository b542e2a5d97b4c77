import { parentPort, workerData } from 'node:worker_threads';
import { JavascriptProgram } from '../src/engine/baseline/javascript.ts';
import type { RankSetup, RankTask } from '../src/engine/rank/rank.ts';

/** The other baseline of speedups: the same training in plain JavaScript. */
const program = new JavascriptProgram(workerData as RankSetup);

parentPort?.on('message', (task: RankTask) => parentPort?.postMessage(program.run(task)));
