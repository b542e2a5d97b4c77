import { defineCommand } from '../../arguments/command.ts';
import { neededQueueOf, QUEUE_OPTIONS, type QueueRequest } from '../../arguments/queue.ts';
import { SWEEP_WORD, sweepOf } from '../../arguments/sweeps.ts';
import type { Output } from '../../terminal/output.ts';

/** `gradloom sweep cancel`. */
export const sweepCancel = defineCommand<{ sweep: string; queue: QueueRequest }>({
  positionals: SWEEP_WORD,
  describe: 'Take a sweep out of a queue: agents save what they train and let go; sweep resume goes on with it',
  options: QUEUE_OPTIONS,
  examples: [['$0 sweep cancel mnist-asha-7f3c1a --queue redis://127.0.0.1:6379', 'from any machine']],
  request: (args) => ({ sweep: sweepOf(args), queue: neededQueueOf(args) }),
  run: cancel,
});

async function cancel({ sweep, queue }: { sweep: string; queue: QueueRequest }, output: Output): Promise<number> {
  const [{ cancelSweep }, { queuedSweep, withFleet }] = await Promise.all([
    import('../../../remote/queue/manage.ts'),
    import('../../views/queued-sweeps.ts'),
  ]);
  return withFleet(queue, async (fleet) => {
    const { id } = await queuedSweep(fleet, sweep);
    const { removed, running } = await cancelSweep(fleet, id);
    if (output.json) output.object({ sweep: id, removed, running });
    else output.result(`sweep ${id} is cancelled: ${removed} waiting taken out, ${running} with agents, which save them`);
    return 0;
  });
}
