import { printable } from '../../errors.ts';
import { History, scoresOf } from '../../report/runs/history.ts';
import { renderResults, shortPath } from '../../report/runs/results.ts';
import { formatCount, formatCounted } from '../../report/text/numbers.ts';
import { renderEpoch, renderLogged, renderScores, renderStatus } from '../../report/text/progress.ts';
import type { RunEpoch, RunEvent, RunStart, Summary } from '../../runs/events.ts';
import type { Display } from '../terminal/display.ts';
import { warningLine } from '../terminal/notices.ts';
import { columnsOf, type Output } from '../terminal/output.ts';

/** With more epochs than this, only some of them leave a line. */
const MAX_EPOCH_LINES = 20;

/** What the user sees of a run: progress on stderr, results on stdout. */
export class TrainView {
  readonly #output: Output;
  readonly #display: Display;
  readonly #history = new History();
  #start: RunStart | undefined;
  #recordedStepsPerEpoch: number | undefined;
  #hasAccuracy = false;
  #lastScores: { step: number; text: string } | undefined;

  constructor(output: Output, display: Display) {
    this.#output = output;
    this.#display = display;
  }

  show(event: RunEvent): void {
    this.#history.add(event);
    switch (event.type) {
      case 'start':
        this.#showStart(event);
        break;
      case 'progress':
        if (this.#display.isLive) this.#display.update(renderStatus(event, { width: this.#display.width, hasAccuracy: this.#hasAccuracy }));
        break;
      case 'epoch':
        this.#showEpoch(event);
        break;
      case 'metrics':
        this.#showMetrics(event.line);
        break;
      case 'warning':
        this.#display.say(warningLine(event, this.#output));
        break;
      case 'workers': {
        const { before, workers, speedup } = event;
        this.#display.say(
          `${formatCounted(workers, 'worker')} from here on: ${speedup.toFixed(1)} times as fast as ${before}, with the same result`,
        );
        break;
      }
      case 'end':
        this.#recordedStepsPerEpoch = event.stepsPerEpoch;
        this.#display.clear();
    }
  }

  showResults(summary: Summary): void {
    const stream = this.#output.resultStream;
    const { stepsPerEpoch = this.#recordedStepsPerEpoch ?? 1, watched } = this.#start ?? {};
    this.#output.result(`\n${renderResults(this.#history, summary, { ...this.#output.look(stream), stepsPerEpoch, watched })}`);
  }

  #showStart(start: RunStart): void {
    this.#start = start;
    const { parameters, totalSteps, batchRows, stepsPerEpoch, workers, code } = start;
    const epoch = stepsPerEpoch === 1 ? 'each an epoch' : `${formatCount(stepsPerEpoch)} an epoch`;
    const steps = `${formatCounted(totalSteps, 'step')} of ${formatCounted(batchRows, 'row')}, ${epoch}`;
    this.#display.say(
      `${printable(start.name)}: ${formatCounted(parameters, 'parameter')}, ${steps}, ${formatCounted(workers, 'worker')}, ${code}`,
    );
    this.#display.say(printable(start.dataset));
    if (start.directory !== undefined) this.#display.say(`saving to ${printable(shortPath(start.directory), Number.POSITIVE_INFINITY)}`);
  }

  #showEpoch(event: RunEpoch): void {
    const { stepsPerEpoch = 1, totalSteps = 1 } = this.#start ?? {};
    const epochs = Math.ceil(totalSteps / stepsPerEpoch);
    if (event.trainAccuracy !== undefined) this.#hasAccuracy = true;
    // Epoch 1, the last one, and those that step over the next of evenly spaced marks.
    const mark = (epoch: number): number => Math.floor((epoch * (MAX_EPOCH_LINES - 1)) / epochs);
    const isShown = epochs <= MAX_EPOCH_LINES || event.epoch === 1 || mark(event.epoch) > mark(event.epoch - 1);
    if (isShown) this.#display.say(renderEpoch(event, epochs, columnsOf(process.stderr)));
  }

  #showMetrics(line: Extract<RunEvent, { type: 'metrics' }>['line']): void {
    const scores = scoresOf(line);
    if (scores !== undefined) {
      this.#hasAccuracy ||= scores.accuracy !== undefined;
      this.#lastScores = { step: line.step, text: renderScores(scores.split, scores.loss, scores.accuracy) };
    }
    // Runs of longer epochs have a line for each of these.
    if (line['train.loss'] === undefined || this.#start?.stepsPerEpoch !== 1) return;
    const evaluated = this.#lastScores?.step === line.step ? [this.#lastScores.text] : [];
    const { totalSteps } = this.#start;
    this.#display.say(renderLogged(line.step, totalSteps, [renderScores('train', line['train.loss'], undefined), ...evaluated]));
  }
}
