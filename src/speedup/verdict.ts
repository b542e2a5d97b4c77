import type { Limit, SpeedupRow, SpeedupTable, Verdict } from './events.ts';
import { overlaps } from './statistics.ts';

/** From this efficiency on nothing is worth changing. */
const GOOD = 0.9;
/** Intervals of fewer repetitions mean nothing. */
const MIN_REPEATS = 3;
/** Steps shorter than this are ruled by what barriers cost, 5 to 50 us each. */
const SHORT_STEP_SECONDS = 0.5e-3;

export interface VerdictContext {
  usableCores: number;
  leaves: number;
}

/** Says what a table shows: never more than its intervals allow. */
export function judge(table: SpeedupTable | undefined, context: VerdictContext): Verdict {
  const rows = table?.rows.filter(({ kind }) => kind === 'workers') ?? [];
  const one = rows.find(({ workers }) => workers === 1);
  if (table === undefined || one === undefined) return unknown('nothing was measured to the end');
  const wrong = table.rows.filter(({ same_work: same }) => !same);
  if (wrong.length > 0) {
    const isLoss = wrong.every(({ kind }) => kind === 'javascript');
    const what = isLoss ? 'the loss of the javascript program differs' : `the digests of ${listed(wrong.map(nameOf))} differ`;
    const text = `The rows did not do the same work: ${what}, so no number here can be trusted.`;
    return { status: 'wrong', best_workers: null, limit: 'none', text: `${text} Please report this with the experiment.` };
  }
  if (rows.length < 2) return unknown('only one worker was measured; give more worker counts: --workers 1..4');
  if (table.repeats < MIN_REPEATS) return unknown(`${table.repeats} whole rounds are too few to tell; let it run to the end`);
  const fastest = rows.reduce((best, row) => (row.speedup.value > best.speedup.value ? row : best));
  const loss = lossOf(table, one, rows, context);
  // Any of them could be the fastest without the disturbance; rows without cores of their own could not.
  const first = rows.find((row) => row.contaminated.length > 0 && (row === fastest || !row.oversubscribed));
  if (first !== undefined) {
    const text = `${capital(nameOf(first))} ${first.workers === 1 ? 'was' : 'were'} disturbed: ${first.contaminated.join('; ')}. Measure again on an idle machine.`;
    return { ...unknown(text), limit: loss.limit };
  }
  // The ratio to one worker comes from the same rounds, so it is sharper than two rates.
  const isSame = (row: SpeedupRow): boolean => (row === one ? fastest.speedup.low <= 1 : overlaps(row.speedup, fastest.speedup));
  if (fastest !== one && isSame(one)) {
    const text = `No worker count is measurably faster than one: ${nameOf(fastest)} came to ${interval(fastest)} of its rate.`;
    const advice = takenText([one, fastest]) ?? 'Or measure longer: --repeats, --seconds.';
    return { ...unknown(`${text} ${loss.text} ${advice}`), limit: loss.limit };
  }
  if (fastest === one) {
    const next = rows.filter((row) => row !== one).reduce((best, row) => (row.speedup.value > best.speedup.value ? row : best));
    if (next.speedup.high >= 1) {
      const text = `One worker is not measurably faster than ${next.workers}: ${interval(next)} of its rate.`;
      return { ...unknown([text, loss.text, takenText([one, next])].filter(Boolean).join(' ')), limit: loss.limit };
    }
    const text = `One worker is the fastest: ${nameOf(next)} came to ${interval(next)} of its rate. ${loss.text}`;
    return { status: 'conclusive', best_workers: 1, limit: loss.limit, text };
  }
  const chosen = rows.filter(isSame).reduce((fewest, row) => (row.workers < fewest.workers ? row : fewest));
  const peers = chosen === fastest ? '' : `; ${fastest.workers} are not measurably faster`;
  const text = `${chosen.workers} workers are ${interval(chosen)} times as fast as one, efficiency ${percent(chosen.efficiency.value)} %${peers}.`;
  return { status: 'conclusive', best_workers: chosen.workers, limit: loss.limit, text: `${text} ${loss.text}` };
}

function unknown(reason: string): Verdict {
  const text = /[.!]$/.test(reason) ? reason : `${capital(reason)}.`;
  return { status: 'inconclusive', best_workers: null, limit: 'none', text: `Inconclusive. ${text}` };
}

/**
 * Where the time goes that more workers should save: core seconds beyond one worker's, by phase, in the row with the most workers that
 * have a core each.
 */
function lossOf(
  table: SpeedupTable,
  one: SpeedupRow,
  rows: readonly SpeedupRow[],
  { usableCores, leaves }: VerdictContext,
): { limit: Limit; text: string } {
  const within = rows.filter(({ workers, oversubscribed }) => workers > 1 && !oversubscribed);
  const most = within.reduce<SpeedupRow | undefined>(
    (last, row) => (last === undefined || row.workers > last.workers ? row : last),
    undefined,
  );
  if (most === undefined) {
    return {
      limit: 'cores',
      text: `This process may use ${usableCores} ${usableCores === 1 ? 'core' : 'cores'}, so more workers only take turns.`,
    };
  }
  const p = most.workers;
  const { low, high } = most.efficiency;
  if (low < GOOD && high >= GOOD) {
    const text = `Whether anything limits ${nameOf(most)} cannot be told: their efficiency is ${percent(low)} to ${percent(high)} %.`;
    return { limit: 'unclear', text };
  }
  if (low >= GOOD) {
    const isBeyond = rows.some(({ oversubscribed }) => oversubscribed);
    const text = isBeyond
      ? `Beyond ${usableCores} workers there are no cores left.`
      : 'Nothing limits it noticeably; more cores would help.';
    return { limit: isBeyond ? 'cores' : 'none', text };
  }
  // Per unit of one worker's time; `gain` is what p workers take of it, each.
  const gain = 1 / most.speedup.value;
  const excess = (phase: keyof SpeedupRow['phases']): number => p * gain * most.phases[phase] - one.phases[phase];
  const imbalance = Math.min(p * gain * most.imbalance, Math.max(0, excess('wait')));
  const parts: [Limit, number][] = [
    ['imbalance', imbalance],
    ['wait', excess('wait') - imbalance],
    ['reduce', excess('reduce')],
    ['compute', excess('compute')],
    ['other', excess('other')],
  ];
  const [first, next] = parts.toSorted((a, b) => b[1] - a[1]);
  const [limit, lost]: [Limit, number] = first ?? ['other', 0];
  // What was taken is counted as computing or as waiting.
  const taken = p * gain * most.taken_share + one.taken_share;
  if (taken > 0 && lost - (next?.[1] ?? 0) <= taken) {
    const text = `What limits ${nameOf(most)} cannot be told: up to ${percent(most.taken_share)} % of their time was taken from them.`;
    return { limit: 'unclear', text };
  }
  const share = `${percent(lost / (p * gain))} % of ${p} workers' time`;
  const stepSeconds = (one.batch_size * table.steps) / one.samples_per_second.value / table.steps;
  const isShort = stepSeconds * gain < SHORT_STEP_SECONDS;
  switch (limit) {
    case 'imbalance':
      return { limit, text: `Unequal work costs ${share}: ${leavesAdvice(p, leaves)}.` };
    case 'wait': {
      if (!isShort)
        return { limit, text: `Waiting at barriers costs ${share}: a worker is held up now and then; leave a core to other programs.` };
      const step = `a step takes ${(1e3 * stepSeconds * gain).toFixed(2)} ms`;
      return {
        limit: 'batch',
        text: `The batch is too small for ${p} workers: ${step}, and waiting at barriers costs ${share}; raise train.batch_size.`,
      };
    }
    case 'reduce':
      return { limit, text: `Summing gradients and updating costs ${share}: raise train.batch_size, so that there are fewer updates.` };
    case 'compute':
      return {
        limit,
        text: `Computing costs ${share} more than on one core: the cores share caches, memory or a clock, or each has too few rows a call; try a larger train.batch_size.`,
      };
    default:
      return { limit, text: `Starting and ending segments costs ${share}: give more steps between evaluations.` };
  }
}

function leavesAdvice(p: number, leaves: number): string {
  if (leaves % p !== 0) {
    const most = Math.ceil(leaves / p);
    return `${leaves} leaves over ${p} workers are up to ${most} each; take a worker count that divides numerics.leaves`;
  }
  return 'the same rows take longer on some cores; other programs, or cores of different speed';
}

function nameOf({ kind, workers }: SpeedupRow): string {
  if (kind !== 'workers') return `the ${kind} program`;
  return workers === 1 ? 'one worker' : `${workers} workers`;
}

function interval({ speedup: { low, high } }: SpeedupRow): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}

/** What was taken from rows whose intervals are too wide for a verdict. */
function takenText(rows: readonly SpeedupRow[]): string | undefined {
  const reasons = rows.flatMap((row) => row.taken.map((reason) => `${nameOf(row)}: ${reason}`));
  return reasons.length === 0
    ? undefined
    : `The interval allows for what was taken (${reasons.join('; ')}): measure again on a quieter machine.`;
}

function percent(share: number): string {
  return (100 * share).toFixed(0);
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
