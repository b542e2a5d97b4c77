import { defineCommand, type ExitNow } from '../../arguments/command.ts';
import { NO_WORDS } from '../../arguments/positionals.ts';
import { millisecondsOf, neededQueueOf, QUEUE_OPTIONS, QUEUE_VARIABLE, type QueueRequest } from '../../arguments/queue.ts';
import { countOf } from '../../arguments/runs.ts';
import { Display } from '../../terminal/display.ts';
import type { Output } from '../../terminal/output.ts';
import { stoppable } from '../../terminal/signals.ts';

interface AgentRequest extends QueueRequest {
  cores: number | undefined;
  maxIdleMs: number | undefined;
  lockMs: number | undefined;
  once: boolean;
  scratch: string | undefined;
}

/** `gradloom agent`. */
export const agent = defineCommand<AgentRequest>({
  positionals: NO_WORDS,
  describe: 'Train trials of sweeps that are in a queue, on this machine; as many agents on as many machines as wanted',
  options: {
    ...QUEUE_OPTIONS,
    queue: { value: 'URL', describe: `redis://HOST:PORT or rediss://USER:PASSWORD@HOST:PORT; default: the variable ${QUEUE_VARIABLE}` },
    cores: { value: 'N', describe: 'cores to use; default all that this process may' },
    'max-idle': { value: 'TIME', describe: 'end when there was nothing to do for so long: 60s, 5m; default never' },
    once: { describe: 'end after one part of a run, from rung to rung' },
    lock: { value: 'TIME', describe: 'an agent that is silent for so long loses what it trains to others; default 15s' },
    scratch: { value: 'DIR', describe: 'where runs are while they are trained; default the directory for temporary files' },
  },
  examples: [
    ['$0 agent --queue redis://127.0.0.1:6379 --store file:/mnt/runs', 'until Ctrl-C, which saves and gives back what it trains'],
    [
      '$0 agent --queue redis://queue:6379 --store file:/mnt/runs --max-idle 5m',
      `as a job of a cluster; the URL may stand in ${QUEUE_VARIABLE} instead`,
    ],
  ],
  request: (args) => ({
    ...neededQueueOf(args),
    cores: countOf(args, 'cores'),
    maxIdleMs: millisecondsOf(args, 'max-idle'),
    lockMs: millisecondsOf(args, 'lock'),
    once: args.flag('once'),
    scratch: args.text('scratch'),
  }),
  run: runAgentVerb,
});

async function runAgentVerb(request: AgentRequest, output: Output, exitNow: ExitNow): Promise<number> {
  const display = new Display(output);
  const onFirst = 'saving what is trained and giving it back; once more to stop at once';
  return stoppable({ display, onFirst, exitNow }, async (stop) => {
    const [{ runAgent }, { renderAgentEvent, renderAgentEnd }] = await Promise.all([
      import('../../../remote/agent/agent.ts'),
      import('../../../report/sweep/agent-lines.ts'),
    ]);
    const onEvent = (event: Parameters<typeof renderAgentEvent>[0]): void => {
      for (const line of renderAgentEvent(event)) display.say(line);
    };
    const summary = await runAgent({ ...request, signal: stop.signal, onEvent });
    if (output.json) output.object(summary);
    else output.result(renderAgentEnd(summary));
    return summary.reason === 'interrupted' ? (stop.exitCode ?? 0) : 0;
  });
}
