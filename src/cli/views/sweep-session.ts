import { EXIT } from '../../errors.ts';
import type { SweepSettings } from '../../sweep/schema.ts';
import type { SweepRun } from '../../sweep/session/sweep.ts';
import type { ExitNow } from '../arguments/command.ts';
import { Display } from '../terminal/display.ts';
import type { Output } from '../terminal/output.ts';
import { stoppable } from '../terminal/signals.ts';

/**
 * Shows a sweep while it runs, and what came of it.
 *
 * @param start  begins the sweep, which stops at the signal
 * @returns the exit code: 82 if some trials failed, 130 and the like if it was interrupted
 */
export async function showSession(
  output: Output,
  exitNow: ExitNow,
  start: (signal: AbortSignal) => Promise<{ run: SweepRun; settings: SweepSettings }>,
): Promise<number> {
  const display = new Display(output);
  display.showReading();
  return stoppable({ display, onFirst: 'saving the trials that run; once more to stop at once', exitNow }, async (stop) => {
    const { SweepView } = await import('./sweep.ts');
    const { run, settings } = await start(stop.signal);
    const view = new SweepView(output, display, settings);
    for await (const event of run) view.show(event);
    const summary = await run.result;
    if (output.json) {
      const { sweepObject } = await import('../../report/sweep/files.ts');
      const { reason, failed, seconds } = summary;
      output.object({ ...sweepObject(summary), reason, failed, seconds });
    }
    view.showResults(summary);
    if (summary.status === 'interrupted') return stop.exitCode ?? EXIT.interrupted;
    return summary.failed > 0 ? EXIT.trials : EXIT.ok;
  });
}
