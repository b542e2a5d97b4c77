import { subscribe } from 'node:diagnostics_channel';
import type { Worker } from 'node:worker_threads';

/** Worker threads that this process started and that have not ended. Counts from the moment this module is imported. */
const alive = new Set<Worker>();

subscribe('worker_threads', (message) => {
  const { worker } = message as { worker: Worker };
  alive.add(worker);
  worker.once('exit', () => alive.delete(worker));
});

export function liveThreads(): number {
  return alive.size;
}

/** Waits until no thread is left, at most `limitMs`; returns the threads that are still there. */
export async function threadsLeft(limitMs = 1000): Promise<number> {
  const end = performance.now() + limitMs;
  while (alive.size > 0 && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
  return alive.size;
}
