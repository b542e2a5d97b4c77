import { Threads } from '../../../src/engine/coordinator/threads.ts';

/** Threads that stay warm from one engine of a test file to the next: to start them takes longer than what most tests do with them. */
export const threads = new Threads();
