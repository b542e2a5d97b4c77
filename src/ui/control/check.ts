import path from 'node:path';
import { loadExperiment } from '../../config/load.ts';
import { outline } from '../../config/schema/outline.ts';
import { findConfig } from '../../config/text/bundled.ts';
import { GradloomError } from '../../errors.ts';
import { describeMethod } from '../../report/sweep/view/words.ts';
import { renderAnnotated } from '../../report/text/annotated.ts';
import { renderError } from '../../report/text/errors.ts';
import { unpainted } from '../../report/text/paint.ts';
import { loadSpeedup } from '../../speedup/load.ts';
import { kindAt } from '../../storage/folder.ts';
import { loadSweep } from '../../sweep/file/load.ts';
import { sweepOutline } from '../../sweep/schema.ts';
import type { CheckAnswer } from '../work-protocol.ts';
import { formFields } from './form.ts';
import type { WorkRequest } from './request.ts';

const COLUMNS = 100;
/** What makes a file what it is: no key to change. */
const OF_FILES = ['version', 'extends', 'base', 'parameters'];

/** What `gradloom check` says of the keys: the errors with their places, or the resolved values. Data is not loaded. */
export function checkWork({ kind, config, overrides }: WorkRequest, root: string, launcher: string): CheckAnswer {
  const own = path.join(root, config);
  const file = kindAt(own) === undefined ? findConfig(config).file : path.relative(process.cwd(), own);
  try {
    if (kind === 'sweep') {
      const { settings, notices } = loadSweep(file, { overrides });
      const parameters = Object.keys(settings.parameters).map((key) => `  ${key}`);
      const trials = settings.run_cap === undefined ? 'as many trials as the budget allows' : `${settings.run_cap} trials at most`;
      const text = [`${describeMethod({ settings })}; ${trials}`, ...parameters].join('\n');
      return { isValid: true, fields: formFields(sweepOutline, settings, OF_FILES), text, notices };
    }
    const loaded = kind === 'speedup' ? loadSpeedup(file, overrides).loaded : loadExperiment(file, { overrides });
    const fields = formFields(outline, loaded.experiment, OF_FILES);
    return { isValid: true, fields, text: renderAnnotated(loaded, unpainted), notices: loaded.notices };
  } catch (error) {
    if (!(error instanceof GradloomError)) throw error;
    return {
      isValid: false,
      fields: null,
      text: renderError(error, { paint: unpainted, columns: COLUMNS, program: launcher }),
      notices: [],
    };
  }
}
