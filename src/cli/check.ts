import { showNotices } from './notices.ts';
import type { Output } from './output.ts';
import type { ExperimentRequest } from './parse.ts';

/** `gradloom check`. */
export async function checkCommand(request: ExperimentRequest, output: Output): Promise<number> {
  const { loadExperiment } = await import('../config/load.ts');
  const loaded = loadExperiment(request.file, { overrides: request.overrides });
  showNotices(loaded.notices, output);
  const { inspectExperiment } = await import('../runs/inspect.ts');
  const inspection = await inspectExperiment(loaded);
  if (output.json) {
    output.object({ experiment: loaded.experiment, origins: Object.fromEntries(loaded.origins), notices: loaded.notices, ...inspection });
    return 0;
  }
  const [{ renderInspection }, { painter }] = await Promise.all([import('../report/inspection.ts'), import('../report/paint.ts')]);
  const stream = output.resultStream;
  output.result(renderInspection(loaded, inspection, { boxed: stream.isTTY, paint: painter(stream) }));
  return 0;
}
