import { GradloomError, printable } from '../../errors.ts';
import { readEnvironment } from './file-shapes.ts';
import { runFile } from './names.ts';

/** What a run was trained from, beside its config. */
export interface RunOrigin {
  kernels: number;
  /** sha256 (hex) of the keys that decide, of the data, and of each file of initial weights. */
  config: string;
  data: string;
  init: Readonly<Record<string, string>> | undefined;
}

/** As env.json tells it. @throws GradloomError of `code` if it does not, E_RUN_FILE, E_STORAGE */
export function readOrigin(directory: string, code: 'E_RUN_READ' | 'E_RUN_FILE'): RunOrigin {
  const { kernels, basis } = readEnvironment(directory) ?? {};
  if (kernels === undefined || basis?.config === undefined || basis.data === undefined) throw originUnknown(directory, code);
  return { kernels, config: basis.config, data: basis.data, init: basis.init };
}

export function originUnknown(directory: string, code: 'E_RUN_READ' | 'E_RUN_FILE'): GradloomError {
  return new GradloomError({
    code,
    where: printable(runFile(directory, 'environment')),
    message: 'does not say what the run was trained from',
    next: 'restore it from a copy',
  });
}
