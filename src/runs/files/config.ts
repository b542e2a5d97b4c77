import { loadExperiment } from '../../config/load.ts';
import type { LoadOptions } from '../../config/object.ts';
import type { LoadedExperiment } from '../../config/validate.ts';
import { runFile } from './names.ts';

/** The experiment of a run, as its config.yaml has it. @throws GradloomError E_CONFIG_... */
export function loadRunConfig(directory: string, options?: LoadOptions): LoadedExperiment {
  return loadExperiment(runFile(directory, 'config'), options);
}
