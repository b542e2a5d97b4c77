import { EXIT } from '../../errors.ts';
import { shortPath } from '../../report/runs/results.ts';
import { renderFold, renderFolds, renderFoldsStart, renderFoldsStatus } from '../../report/sweep/folds.ts';
import { commandOf } from '../../storage/shell.ts';
import type { CrossValidationRun } from '../../sweep/folds/cross-validate.ts';
import type { SweepEvent } from '../../sweep/session/events.ts';
import type { ExitNow } from '../arguments/command.ts';
import { Display } from '../terminal/display.ts';
import { warningLine } from '../terminal/notices.ts';
import type { Output } from '../terminal/output.ts';
import { stoppable } from '../terminal/signals.ts';

/**
 * Shows a cross-validation from its start to its results. The first signal ends it with all its folds saved, the second at once.
 *
 * @param folds  how many there are
 * @param start  begins it
 * @returns the exit code
 */
export async function followFolds(
  folds: number,
  start: (signal: AbortSignal) => CrossValidationRun,
  output: Output,
  exitNow: ExitNow,
): Promise<number> {
  const display = new Display(output);
  display.showReading();
  return stoppable({ display, onFirst: 'saving the folds that run; once more to stop at once', exitNow }, async (stop) => {
    const run = start(stop.signal);
    const view = new FoldsView(output, display, folds);
    for await (const event of run) view.show(event);
    display.clear();
    const result = await run.result;
    if (output.json) output.object(result);
    output.result(`\n${renderFolds(result, output.look(output.resultStream))}`);
    if (result.status !== 'interrupted') return EXIT.ok;
    output.next(commandOf('resume', shortPath(result.directory)));
    return stop.exitCode ?? EXIT.interrupted;
  });
}

/** What the user sees of a cross-validation under way, on stderr. */
class FoldsView {
  readonly #output: Output;
  readonly #display: Display;
  readonly #folds: number;
  #metric = '';
  #done = 0;

  constructor(output: Output, display: Display, folds: number) {
    this.#output = output;
    this.#display = display;
    this.#folds = folds;
  }

  show(event: SweepEvent): void {
    switch (event.type) {
      case 'start':
        this.#metric = event.metric.name;
        for (const line of renderFoldsStart(event, this.#folds)) this.#display.say(line);
        break;
      case 'progress':
        if (this.#display.isLive) this.#display.update(renderFoldsStatus(event, this.#done, this.#folds, this.#display.width));
        break;
      case 'run':
        this.#done++;
        this.#display.say(renderFold(event, this.#metric));
        break;
      case 'warning':
        this.#display.say(warningLine(event, this.#output));
        break;
      case 'trial':
      case 'decision':
      case 'result':
      case 'best':
        break;
      case 'end':
        this.#display.clear();
    }
  }
}
