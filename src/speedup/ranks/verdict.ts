import type { SpeedupRow, SpeedupTable, Verdict } from '../events.ts';
import { overlaps } from '../statistics.ts';

/** Of a step, from which on the exchange is what to talk of. */
const NOTICEABLE = 0.1;

/**
 * Says what a table of ranks shows: never more than its intervals allow.
 *
 * @param isOneMachine  all ranks share the cores of one
 */
export function judgeRanks({ rows }: SpeedupTable, isOneMachine: boolean): Verdict {
  const one = rows.find(({ workers }) => workers === 1);
  if (one === undefined) return verdict('inconclusive', 'Inconclusive. Nothing was measured to the end.');
  const wrong = rows.filter(({ same_work: same }) => !same);
  if (wrong.length > 0) {
    const text = 'The rows did not do the same work: their digests differ, so no number here can be trusted.';
    return verdict('wrong', `${text} With parallel.reduce: fast that is to be expected; else please report it with the experiment.`);
  }
  const most = rows.at(-1);
  if (most === undefined || most === one)
    return verdict('inconclusive', 'Inconclusive. Only one rank was measured; give more: --ranks 1,2.');
  const exchange = exchangeText(most);
  if (isOneMachine) {
    const text = `All ranks share the cores of one machine, so this is what ranks cost, not what machines buy: ${interval(most)} of the rate of one.`;
    return verdict('inconclusive', `${text} ${exchange}`);
  }
  const fastest = rows.reduce((best, row) => (row.speedup.value > best.speedup.value ? row : best));
  const isSame = (row: SpeedupRow): boolean => (row === one ? fastest.speedup.low <= 1 : overlaps(row.speedup, fastest.speedup));
  if (isSame(one)) return verdict('inconclusive', `Inconclusive. No number of ranks is measurably faster than one. ${exchange}`);
  const chosen = rows.filter(isSame).reduce((fewest, row) => (row.workers < fewest.workers ? row : fewest));
  const text = `${chosen.workers} ranks are ${interval(chosen)} times as fast as one, efficiency ${percent(chosen.efficiency.value)} %.`;
  return { ...verdict('conclusive', `${text} ${exchange}`), best_workers: chosen.workers };
}

function exchangeText({ workers, rank }: SpeedupRow): string {
  if (rank === undefined) return '';
  const { compute_ms: compute, exchange_ms: exchange, other_ms: other } = rank;
  const share = exchange / (compute + exchange + other);
  const figure = `${exchange.toFixed(2)} ms of a step of ${(compute + exchange + other).toFixed(2)} ms`;
  if (share < NOTICEABLE) return `The exchange among ${workers} ranks takes ${figure}.`;
  return `The exchange among ${workers} ranks takes ${figure}, ${percent(share)} %: raise train.batch_size, or train small networks by a sweep.`;
}

function verdict(status: Verdict['status'], text: string): Verdict {
  return { status, best_workers: null, limit: 'none', text };
}

function interval({ speedup: { low, high } }: SpeedupRow): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

function percent(share: number): string {
  return (100 * share).toFixed(0);
}
