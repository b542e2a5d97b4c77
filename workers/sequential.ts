import { parentPort, workerData } from 'node:worker_threads';
import { Rank, type RankSetup, type RankTask } from '../src/engine/rank.ts';
import { bindEngine } from '../src/kernels/engines.ts';

/** The baseline of speedups: one rank on one thread, without a pool and without anybody to wait for. */
const setup = workerData as RankSetup;
const rank = new Rank(0, setup, bindEngine(setup, setup.memory));

parentPort?.on('message', (task: RankTask) => parentPort?.postMessage(rank.run(task)));
