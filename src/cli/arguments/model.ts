import { printable } from '../../errors.ts';
import type { LoadModelOptions } from '../../use/model/read.ts';
import type { Arguments, OptionSpec } from './command.ts';
import { RUNS_DIR, runsDirOf, runWords } from './runs.ts';

/** A run, or a file with a model. */
export const MODEL_WORDS = {
  ...runWords(1, 1),
  describe: { run: 'a run: its path, its id, an unambiguous part of it, or @last; or a model.safetensors' },
};

/** Which parameters of it. */
export const MODEL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  checkpoint: { value: 'WHICH', values: ['best', 'last'], describe: 'best, last or a step; default last' },
  average: { describe: 'the averaged parameters (train.average), in place of the raw ones' },
  ...RUNS_DIR,
};

export interface ModelRequest extends LoadModelOptions {
  run: string;
  dir?: string;
}

/** @throws GradloomError E_USAGE */
export function modelOf(args: Arguments): ModelRequest {
  return { run: args.text('run') ?? '', checkpoint: checkpointOf(args), average: args.flag('average'), ...runsDirOf(args) };
}

function checkpointOf(args: Arguments): LoadModelOptions['checkpoint'] {
  const word = args.text('checkpoint');
  if (word === undefined || word === 'best' || word === 'last') return word;
  const step = word.replace(/^step[ -]?/, '');
  if (!/^\d{1,15}$/.test(step)) throw args.error(`--checkpoint: expected best, last or a step; got ${printable(word)}`);
  return Number(step);
}

/** The model that the words of the command line mean. */
export async function loadNamed({ run, dir, checkpoint, average }: ModelRequest) {
  const [{ loadModel }, { kindAt }] = await Promise.all([import('../../use/model.ts'), import('../../storage/folder.ts')]);
  if (run.endsWith('.safetensors') && kindAt(run) !== undefined) return loadModel(run, { checkpoint, average });
  const { findRun } = await import('../../runs/store/store.ts');
  return loadModel((await findRun(run, dir)).directory, { checkpoint, average });
}
