import { printable, printableSentence } from '../../errors.ts';
import type { AgentEvent, AgentSummary } from '../../remote/agent/options.ts';
import { formatCounted, formatPercent, formatSeconds } from '../text/numbers.ts';

/** What an agent says while it works. */
export function renderAgentEvent(event: AgentEvent): string[] {
  switch (event.type) {
    case 'start': {
      const { agent, cores, queue, store, doubts } = event;
      const place = `queue ${printable(queue)}, store ${printable(store)}`;
      return [
        `agent ${printable(agent)}: ${formatCounted(cores, 'core')}, ${place}`,
        ...doubts.map((doubt) => `warning[W_QUEUE]  ${doubt}`),
      ];
    }
    case 'begin':
      return [`${partOf(event)}: begun`];
    case 'end':
      return [`${partOf(event)}: ${WORDS[event.status]} after ${formatSeconds(event.seconds)}`];
    case 'notice':
      return [`notice  ${printableSentence(event.message, 2000)}`];
  }
}

const WORDS = {
  reached: 'done',
  diverged: 'diverged',
  failed: 'failed',
  paused: 'saved and given back',
  lost: 'lost to another agent',
} as const;

export function renderAgentEnd({ agent, reason, done, seconds, busy }: AgentSummary): string {
  const why = { interrupted: 'interrupted', idle: 'nothing to do', once: 'one part was asked for' }[reason];
  const share = `cores busy ${formatPercent(busy, 0)}`;
  return `agent ${printable(agent)} ended (${why}): ${formatCounted(done, 'part')} of runs in ${formatSeconds(seconds)}, ${share}`;
}

/** `sweep mnist-29898d trial 7 rung 1` */
function partOf({ sweep, trial, rung, replicate }: { sweep: string; trial: number; rung: number; replicate: number }): string {
  const run = replicate === 0 ? '' : ` run ${replicate}`;
  return `sweep ${printable(sweep)} trial ${trial}${run}${rung === 0 ? '' : ` rung ${rung}`}`;
}
