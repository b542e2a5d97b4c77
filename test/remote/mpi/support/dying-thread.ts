import { isMainThread, threadId } from 'node:worker_threads';
import { launched } from '../../../../src/remote/mpi/launched.ts';

/** Of the threads that a process starts for its work: the second. */
const THREAD = 2;
/** Times that it asks for the time: some in every step. */
const CALLS = 500;

/** To be imported before all else, by every thread: one of rank 1 ends in the middle of a step, as one that has no memory left. */
if (!isMainThread && threadId === THREAD && launched(process.env)?.rank === 1) {
  const now = performance.now.bind(performance);
  let calls = 0;
  performance.now = () => {
    if (++calls === CALLS) process.exit(7);
    return now();
  };
}
