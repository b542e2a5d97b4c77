import type { ReadingProgress } from '../../data/files/reading.ts';
import { printable } from '../../errors.ts';
import type { RunEpoch, RunProgress } from '../../runs/events.ts';
import { formatCount, formatLoss, formatPercent, formatSeconds, formatSecondsLeft } from './numbers.ts';

const BAR_MIN = 10;
const BAR_MAX = 40;
const GAP = '  ';

export interface StatusLook {
  /** Columns that a line may fill. */
  width: number;
  /** Whether the targets are classes, so that an accuracy means something. */
  hasAccuracy: boolean;
}

/** `reading big.csv: 45 %` */
export function renderReading({ path, done, total }: ReadingProgress): string {
  return `reading ${printable(path)}: ${formatPercent(done / total, 0)}`;
}

/** The state of a run in two lines; where there is no room, the last parts are left out. */
export function renderStatus(progress: RunProgress, { width, hasAccuracy }: StatusLook): string[] {
  return [renderPlace(progress, width), renderState(progress, width, hasAccuracy)];
}

function renderPlace({ step, totalSteps, stepsPerEpoch, secondsLeft }: RunProgress, width: number): string {
  const share = totalSteps === 0 ? 1 : step / totalSteps;
  const epochs = Math.ceil(totalSteps / stepsPerEpoch);
  const epoch = Math.min(epochs, Math.floor(step / stepsPerEpoch) + 1);
  const left = secondsLeft === undefined || step === totalSteps ? [] : [`${formatSecondsLeft(secondsLeft)} left`];
  const place = stepsPerEpoch === 1 ? [] : [`epoch ${formatCount(epoch)}/${formatCount(epochs)}`];
  const steps = `step ${formatCount(step)}/${formatCount(totalSteps)}`;
  // The bar takes what the words leave.
  const words = [...place, steps, formatPercent(share, 0), ...left];
  const room = Math.min(BAR_MAX, width - words.join(GAP).length - GAP.length);
  if (room < BAR_MIN) return fitted(words, width);
  const filled = Math.floor(share * room);
  const bar = '█'.repeat(filled) + '░'.repeat(room - filled);
  return [...place, steps, bar, formatPercent(share, 0), ...left].join(GAP);
}

function renderState({ loss, evaluation, samplesPerSecond, phases }: RunProgress, width: number, hasAccuracy: boolean): string {
  const parts: string[] = [];
  if (loss !== undefined) parts.push(`loss ${formatLoss(loss)}`);
  if (evaluation !== undefined) parts.push(renderScores(evaluation.split, evaluation.loss, hasAccuracy ? evaluation.accuracy : undefined));
  if (samplesPerSecond > 0) parts.push(`${formatCount(samplesPerSecond)} samples/s`);
  const { compute, wait, reduce } = phases;
  parts.push(`compute ${formatPercent(compute, 0)} wait ${formatPercent(wait, 0)} reduce ${formatPercent(reduce, 0)}`);
  return fitted(parts, width);
}

/** The first parts that fit, at least a piece of the first. */
function fitted(parts: readonly string[], width: number): string {
  let line = (parts[0] ?? '').slice(0, width);
  for (const part of parts.slice(1)) {
    if (line.length + GAP.length + part.length > width) break;
    line += GAP + part;
  }
  return line;
}

/**
 * `epoch  3/20  train loss 0.412345, 88.40 %  val loss 0.398765, 89.10 %  2.1s`: losses and accuracies, within 80 columns.
 *
 * @param width  columns that it may fill; the time is what gives way
 */
export function renderEpoch({ epoch, trainLoss, trainAccuracy, evaluation, seconds }: RunEpoch, epochs: number, width: number): string {
  const total = formatCount(epochs);
  const parts = [`epoch ${formatCount(epoch).padStart(total.length)}/${total}`, shortScores('train', trainLoss, trainAccuracy)];
  if (evaluation !== undefined) {
    const accuracy = trainAccuracy === undefined ? undefined : evaluation.accuracy;
    // Trained on and evaluated on the same samples: the latter with one set of parameters, so it has a name of its own.
    parts.push(shortScores(evaluation.split === 'train' ? 'train after' : evaluation.split, evaluation.loss, accuracy));
  }
  return fitted([...parts, formatSeconds(seconds)], width);
}

/** `val loss 0.398765 accuracy 89.10 %` */
export function renderScores(split: string, loss: number | null | undefined, accuracy: number | null | undefined): string {
  return `${split} loss ${formatLoss(loss)}${accuracy === undefined ? '' : ` accuracy ${formatPercent(accuracy)}`}`;
}

/** `val loss 0.398765, 89.10 %` */
function shortScores(split: string, loss: number | null | undefined, accuracy: number | null | undefined): string {
  return `${renderScores(split, loss, undefined)}${accuracy === undefined ? '' : `, ${formatPercent(accuracy)}`}`;
}

/** `step  100/2,000  train loss 2.129232` */
export function renderLogged(step: number, totalSteps: number, scores: readonly string[]): string {
  const total = formatCount(totalSteps);
  return [`step ${formatCount(step).padStart(total.length)}/${total}`, ...scores].join(GAP);
}
