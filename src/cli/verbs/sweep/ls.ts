import { defineCommand } from '../../arguments/command.ts';
import { NO_WORDS } from '../../arguments/positionals.ts';
import { neededQueueOf, QUEUE_OPTIONS, type QueueRequest } from '../../arguments/queue.ts';
import type { Output } from '../../terminal/output.ts';

/** `gradloom sweep ls`. */
export const sweepLs = defineCommand<QueueRequest>({
  positionals: NO_WORDS,
  describe: 'List the sweeps that a queue knows, the latest first, and its agents',
  options: QUEUE_OPTIONS,
  examples: [['$0 sweep ls --queue redis://127.0.0.1:6379', 'where each is, how far, and who trains']],
  request: neededQueueOf,
  run: list,
});

async function list(queue: QueueRequest, output: Output): Promise<number> {
  const { listQueued } = await import('../../views/queued-sweeps.ts');
  return listQueued(queue, output);
}
