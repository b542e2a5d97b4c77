import { printable } from '../errors.ts';
import { shortPath } from '../report/results.ts';
import { showNotices } from './notices.ts';
import type { Output } from './output.ts';
import type { ExperimentRequest } from './parse.ts';
import { Stop } from './signals.ts';
import { TrainView } from './train-view.ts';

/**
 * `gradloom train`.
 *
 * @param exitNow  ends the process when the user does not want to wait
 * @returns the exit code
 */
export async function trainCommand(request: ExperimentRequest, output: Output, exitNow: (code: number) => void): Promise<number> {
  let view: TrainView | undefined;
  const stop = new Stop({
    onFirst: (signal) => {
      const text = `${signal}: finishing the step and saving; once more to stop at once`;
      if (view === undefined) output.note(text);
      else view.say(text);
    },
    onSecond: (code) => {
      view?.clear();
      exitNow(code);
    },
  });
  try {
    const { loadExperiment } = await import('../config/load.ts');
    const loaded = loadExperiment(request.file, { overrides: request.overrides });
    showNotices(loaded.notices, output);
    const { train } = await import('../runs/train.ts');
    view = new TrainView(output);
    const run = train(loaded, { signal: stop.signal });
    for await (const event of run) view.show(event);
    const summary = await run.result;
    if (output.json) output.object(summary);
    view.showResults(summary);
    const { status, directory } = summary;
    if (status === 'interrupted' && directory !== null) output.note(`next: gradloom resume ${printable(shortPath(directory))}`);
    return summary.status === 'interrupted' ? (stop.exitCode ?? 0) : 0;
  } finally {
    stop.release();
  }
}
