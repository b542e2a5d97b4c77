import { parentPort, workerData } from 'node:worker_threads';
import { Rank, type RankSetup, type RankTask } from '../src/engine/rank/rank.ts';
import { bindKernels } from '../src/kernels/bind.ts';

/** The baseline of speedups: one rank on one thread, without a pool and without anybody to wait for. */
const setup = workerData as RankSetup;
const rank = new Rank(0, setup, bindKernels(setup.module, setup.memory));

parentPort?.on('message', (task: RankTask) => parentPort?.postMessage(rank.run(task)));
