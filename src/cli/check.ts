import { defineCommand } from './command.ts';
import { configFile } from './config-file.ts';
import { showNotices } from './notices.ts';
import type { Output } from './output.ts';
import { FILE_AND_OVERRIDES, fileOf } from './positionals.ts';

/** `gradloom check`. */
export const check = defineCommand({
  positionals: FILE_AND_OVERRIDES,
  describe: 'Validate an experiment, load its data and show what a run would do',
  options: {},
  examples: [
    ['$0 check configs/seed.yaml', 'values and their origins, parameters, memory, batches'],
    ['$0 check configs/seed.yaml train.batch_size=256 --json', 'the same facts for programs'],
  ],
  request: fileOf,
  run: runCheck,
});

async function runCheck(request: ReturnType<typeof fileOf>, output: Output): Promise<number> {
  const [{ loadExperiment }, { schemaNotice }] = await Promise.all([import('../config/load.ts'), import('../config/modeline.ts')]);
  const file = await configFile(request.file, output);
  const loaded = loadExperiment(file, { overrides: request.overrides });
  const misled = schemaNotice(file);
  showNotices([...loaded.notices, ...(misled === undefined ? [] : [misled])], output);
  const { inspectExperiment } = await import('../runs/inspect.ts');
  const inspection = await inspectExperiment(loaded);
  showNotices(inspection.notices, output);
  if (output.json) {
    const notices = [...loaded.notices, ...inspection.notices];
    output.object({ experiment: loaded.experiment, origins: Object.fromEntries(loaded.origins), ...inspection, notices });
    return 0;
  }
  const { renderInspection } = await import('../report/inspection.ts');
  output.result(renderInspection(loaded, inspection, output.look(output.resultStream)));
  return 0;
}
