import type { LoggedEntry } from './entries.ts';

/**
 * Whether a line is an entry of one of the frequent kinds, in the form that they mostly have. False says nothing: the schema decides. A log
 * of a million trials has three million such lines, for which the schema takes longer than all the rest of reading them.
 *
 * @param most  trials and seeds that a sweep can have
 */
export function isPlainEntry(
  line: Readonly<Record<string, unknown>>,
  most: { trials: number; seeds: number; lanes: number },
): line is LoggedEntry & Record<string, unknown> {
  if (!isCount(line['seq']) || !isAmount(line['t']) || !isCount(line['trial']) || line['trial'] > most.trials) return false;
  const isOfRung = isCount(line['rung']);
  const isOfRun = isOfRung && isCount(line['replicate']) && line['replicate'] < most.seeds;
  switch (line['type']) {
    case 'trial':
      return isText(line['origin']) && isText(line['key']) && isCount(line['after']) && isPlainMap(line['assignment']) && hasNoExtras(line);
    case 'begin':
      return isOfRun && isCount(line['workers']) && line['workers'] >= 1 && line['workers'] <= most.lanes;
    case 'run':
      return isOfRun && line['fault'] === undefined && isResult(line);
    case 'promote':
    case 'stop':
      return isOfRung && isText(line['reason']) && isCount(line['after']);
    default:
      return false;
  }
}

/** What a trial may have beside what it must have. */
function hasNoExtras({ duplicateOf, fault, note }: Readonly<Record<string, unknown>>): boolean {
  return duplicateOf === undefined && fault === undefined && (note === undefined || isText(note));
}

function isResult(line: Readonly<Record<string, unknown>>): boolean {
  const { status, steps, resource, isLast, curve, digest, seconds } = line;
  const isEnd = status === 'reached' || status === 'diverged' || status === 'failed';
  if (!isEnd || !isCount(steps) || !isCount(resource) || typeof isLast !== 'boolean' || !isText(digest) || !isAmount(seconds)) return false;
  return Array.isArray(curve) && curve.every(isPoint);
}

function isPoint(point: unknown): boolean {
  if (typeof point !== 'object' || point === null) return false;
  const { step, epoch, value } = point as Readonly<Record<string, unknown>>;
  return isCount(step) && isAmount(epoch) && Number.isFinite(value);
}

function isPlainMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const one of Object.values(value)) {
    const isScalar = one === null || typeof one === 'string' || typeof one === 'boolean' || Number.isFinite(one);
    if (!isScalar) return false;
  }
  return true;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A number that is not negative. */
function isAmount(value: unknown): value is number {
  return Number.isFinite(value) && (value as number) >= 0;
}
