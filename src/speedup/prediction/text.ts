import type { PredictedLimit, PredictedRow, Prediction } from '../events.ts';

/** What was found, what limits, and from where on more workers do not pay: a few sentences. */
export function predictionText({ rows, pays_to: paysTo }: Pick<Prediction, 'rows' | 'pays_to'>, leaves: number): string {
  const last = rows.at(-1);
  if (last === undefined) return '';
  const { workers, ranks, speedup, limit } = last;
  const range = `${speedup.low.toFixed(1)} to ${speedup.high.toFixed(1)}`;
  const idle = ranks < workers ? ` (${ranks} of them: numerics.leaves is ${leaves})` : '';
  const first = `Predicted, not measured: ${workers} ${workers === 1 ? 'worker is' : 'workers are'} ${range} times as fast as one${idle}.`;
  const pays =
    paysTo < workers ? `More than ${paysTo} ${paysTo === 1 ? 'worker does' : 'workers do'} not pay.` : 'Every worker up to there pays.';
  return `${first} ${limitText(limit, last)} ${pays}`;
}

/** What limits, with the figure that shows it, and what to change. */
function limitText(limit: PredictedLimit, { microseconds, barriers_per_step: barriers }: PredictedRow): string {
  const step = Object.values(microseconds).reduce((sum, part) => sum + part, 0);
  const share = (part: number): string => `${((100 * part) / step).toFixed(0)} % of a step of ${step.toFixed(0)} us`;
  switch (limit) {
    case 'none':
      return 'Nothing limits it noticeably.';
    case 'leaves':
      return 'Leaves limit it: some workers have more of them than others, or none; take a worker count that divides numerics.leaves, or more leaves (other bits).';
    case 'rows':
      return `The batch limits it: with so few rows a worker, computing takes ${share(microseconds.compute)}; raise train.batch_size.`;
    case 'update':
      return `The update limits it: blocks of parameters cannot be shared out evenly, ${share(microseconds.update)}; raise train.batch_size.`;
    case 'barriers':
      return `Barriers limit it: ${barriers} a step take ${share(microseconds.barriers)}; raise train.batch_size.`;
    case 'exchange':
      return `The exchange of gradients limits it: ${share(microseconds.exchange)}; raise train.batch_size.`;
    case 'serial':
      return `What every worker does for all limits it: ${share(microseconds.serial)}; raise train.batch_size.`;
  }
}
