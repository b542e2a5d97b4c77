import { EXIT } from '../../errors.ts';
import type { RunEvent, Summary } from '../../runs/events.ts';
import { commandOf } from '../../storage/shell.ts';
import type { ExitNow } from '../arguments/command.ts';
import { Display } from '../terminal/display.ts';
import type { Output } from '../terminal/output.ts';
import { stoppable } from '../terminal/signals.ts';

/** A run that is under way. */
interface Run extends AsyncIterable<RunEvent> {
  readonly result: Promise<Summary>;
}

/**
 * Shows a run from its start to its results. The first signal ends it after the step at hand, the second at once.
 *
 * @param start  begins the run
 * @returns the exit code
 */
export async function followRun(start: (signal: AbortSignal) => Promise<Run>, output: Output, exitNow: ExitNow): Promise<number> {
  const display = new Display(output);
  display.showReading();
  return stoppable({ display, onFirst: 'finishing the step and saving; once more to stop at once', exitNow }, async (stop) => {
    const [{ run, events }, { TrainView }, { shortPath }] = await Promise.all([
      // Read from the start on: no event is lost while the view is loaded.
      start(stop.signal).then((begun) => ({ run: begun, events: begun[Symbol.asyncIterator]() })),
      import('./train.ts'),
      import('../../report/runs/results.ts'),
    ]);
    const view = new TrainView(output, display);
    for (let next = await events.next(); next.done !== true; next = await events.next()) view.show(next.value);
    const summary = await run.result;
    if (output.json) output.object(summary);
    view.showResults(summary);
    if (summary.status !== 'interrupted') return 0;
    if (summary.directory !== null) output.next(commandOf('resume', shortPath(summary.directory)));
    // Another rank was asked to end.
    return stop.exitCode ?? (summary.ranks === undefined ? 0 : EXIT.terminated);
  });
}
