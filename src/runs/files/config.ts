import { type LoadedExperiment, type LoadOptions, loadExperiment } from '../../config/load.ts';
import { runFile } from './names.ts';

/** The experiment of a run, as its config.yaml has it. @throws GradloomError E_CONFIG_... */
export function loadRunConfig(directory: string, options?: LoadOptions): LoadedExperiment {
  return loadExperiment(runFile(directory, 'config'), options);
}
