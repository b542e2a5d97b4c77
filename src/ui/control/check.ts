import path from 'node:path';
import { loadExperiment } from '../../config/load.ts';
import { findConfig } from '../../config/text/bundled.ts';
import { GradloomError } from '../../errors.ts';
import { describeMethod } from '../../report/sweep/view/words.ts';
import { renderAnnotated } from '../../report/text/annotated.ts';
import { renderError } from '../../report/text/errors.ts';
import { unpainted } from '../../report/text/paint.ts';
import { loadSpeedup } from '../../speedup/load.ts';
import { kindAt } from '../../storage/folder.ts';
import { loadSweep } from '../../sweep/file/load.ts';
import type { CheckAnswer } from '../protocol.ts';
import type { WorkRequest } from './request.ts';

const COLUMNS = 100;

/** What `gradloom check` says of the keys: the errors with their places, or the resolved values. Data is not loaded. */
export function checkWork({ kind, config, overrides }: WorkRequest, root: string, launcher: string): CheckAnswer {
  const own = path.join(root, config);
  const file = kindAt(own) === undefined ? findConfig(config).file : path.relative(process.cwd(), own);
  try {
    if (kind === 'sweep') {
      const { settings, notices } = loadSweep(file, { overrides });
      const parameters = Object.keys(settings.parameters).map((key) => `  ${key}`);
      const trials = settings.run_cap === undefined ? 'as many trials as the budget allows' : `${settings.run_cap} trials at most`;
      return { isValid: true, text: [`${describeMethod({ settings })}; ${trials}`, ...parameters].join('\n'), notices };
    }
    const loaded = kind === 'speedup' ? loadSpeedup(file, overrides).loaded : loadExperiment(file, { overrides });
    return { isValid: true, text: renderAnnotated(loaded, unpainted), notices: loaded.notices };
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return { isValid: false, text: renderError(error, { paint: unpainted, columns: COLUMNS, program: launcher }), notices: [] };
  }
}
