import { defineCommand } from '../../arguments/command.ts';
import { QUEUE_OPTIONS, type QueueRequest, queueOf } from '../../arguments/queue.ts';
import { readSweepOf, SWEEP_WORD, sweepOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';

/** `gradloom sweep status`. */
export const sweepStatus = defineCommand<{ sweep: string; queue: QueueRequest | undefined }>({
  positionals: SWEEP_WORD,
  describe: 'Show the trials of a sweep, best first, its rungs and what is running; also while it runs',
  options: {
    ...QUEUE_OPTIONS,
    queue: { value: 'URL', describe: 'what the queue tells of it: its agents, and what waits; from any machine' },
  },
  examples: [
    ['$0 sweep status', 'of the latest sweep in ./sweeps'],
    ['$0 sweep status sweeps/mnist-asha-7f3c1a --json', 'for programs'],
    ['$0 sweep status mnist-asha-7f3c1a --queue redis://127.0.0.1:6379', 'of a sweep that agents train, with the agents'],
  ],
  request: (args) => ({ sweep: sweepOf(args), queue: queueOf(args) }),
  run: showStatus,
});

async function showStatus({ sweep: word, queue }: { sweep: string; queue: QueueRequest | undefined }, output: Output): Promise<number> {
  if (queue !== undefined) {
    const { showQueued } = await import('../../views/queued-sweeps.ts');
    return showQueued(queue, word, output);
  }
  const state = await readSweepOf(word);
  if (output.json) {
    const { sweepObject } = await import('../../../report/sweep/files.ts');
    output.object(sweepObject(state));
    return 0;
  }
  const { renderSweep } = await import('../../../report/sweep/sweep.ts');
  output.answer(renderSweep(state, output.look(process.stdout)));
  return 0;
}
