import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { printable } from '../../../errors.ts';
import { commandOf } from '../../../storage/shell.ts';
import { defineCommand, usageError } from '../../arguments/command.ts';
import { ask, canAsk } from '../../terminal/confirm.ts';
import { Display } from '../../terminal/display.ts';
import { showNotices } from '../../terminal/notices.ts';
import type { Output } from '../../terminal/output.ts';

interface InitRequest {
  file: string | undefined;
  data: string | undefined;
  target: string | undefined;
  labels: string | undefined;
}

/** `gradloom init`. */
export const init = defineCommand<InitRequest>({
  positionals: {
    notation: '[file]',
    describe: { file: 'the experiment to write; default: named as the data, here' },
    problem: ([file, second], command) => {
      if (file === '') return `the file's name is empty; expected gradloom ${command} FILE`;
      if (file !== undefined && !/\.ya?ml$/i.test(file))
        return `${printable(file)}: an experiment is a .yaml file; the data goes with --data`;
      return second === undefined ? undefined : `${printable(second)}: one argument too many; expected gradloom ${command} [FILE]`;
    },
  },
  describe: 'Write an experiment for your data, with comments, that trains as it is; asks what it is not told',
  options: {
    data: {
      value: 'PATH',
      describe: 'a table (CSV, TSV, Parquet), arrays (npy, npz, IDX), or a folder with a folder of pictures for each class',
    },
    target: { value: 'COLUMN', describe: 'of a table, the column to predict; default one that is called so, else the last' },
    labels: { value: 'NAME', describe: 'of arrays, the file or the array of the labels; default found by its name' },
  },
  examples: [
    ['$0 init', 'asks for the data, and what to predict'],
    ['$0 init --data iris.csv --target species', 'asks nothing; writes iris.yaml'],
    ['$0 init digits.yaml --data digits/', 'pictures, a folder a class'],
  ],
  request: (args) => ({ file: args.text('file'), data: args.text('data'), target: args.text('target'), labels: args.text('labels') }),
  run: initCommand,
});

async function initCommand({ file, data: given, target, labels }: InitRequest, output: Output): Promise<number> {
  if (file !== undefined) refuseToReplace(file);
  if (given === undefined && !canAsk())
    throw usageError('--data is missing, and nobody can be asked here; expected gradloom init --data PATH', 'init');
  const say = (line: string): void => output.note(line);
  const source = given ?? (await ask('data: a table, arrays, or a folder of pictures', say));
  new Display(output).showReading();
  const [{ findData }, { draftExperiment, guessTarget }] = await Promise.all([
    import('../../../runs/draft/found.ts'),
    import('../../../runs/draft/draft.ts'),
  ]);
  const found = await findData(source, labels);
  const isTable = 'profile' in found;
  if (!isTable && target !== undefined) throw usageError(`--target: ${printable(source)} has no columns; it is for tables`, 'init');
  const isAsking = given === undefined;
  if (isTable && isAsking) output.note(`columns: ${found.profile.columns.map(({ name }) => printable(name)).join(', ')}`);
  const column = target ?? (isTable && isAsking ? await ask('column to predict', say, guessTarget(found)) : undefined);
  const stem =
    path
      .parse(path.resolve(source))
      .name.replaceAll(/[^\w.-]+/g, '-')
      .replace(/^[-.]+/, '') || 'experiment';
  const place = file ?? (isAsking ? await ask('file to write', say, `${stem}.yaml`) : `${stem}.yaml`);
  refuseToReplace(place);
  const name =
    path
      .parse(place)
      .name.replaceAll(/[^\w.-]+/g, '-')
      .replace(/^[-.]+/, '') || 'experiment';
  await writeChecked(place, draftExperiment(found, { name, directory: path.dirname(path.resolve(place)), target: column }), output);
  return 0;
}

/** @throws GradloomError E_USAGE */
function refuseToReplace(file: string): void {
  if (existsSync(file)) throw usageError(`${printable(file)}: there is one already, and nothing is replaced; name another`, 'init');
}

/** Writes an experiment that stays only if it would train. */
async function writeChecked(file: string, text: string, output: Output): Promise<void> {
  const [{ writeOutput }, { loadExperiment }, { inspectExperiment }] = await Promise.all([
    import('../../../storage/atomic.ts'),
    import('../../../config/load.ts'),
    import('../../../runs/prepare/inspect.ts'),
  ]);
  await writeOutput(file, text);
  try {
    const { dataset, parameters, notices } = await inspectExperiment(loadExperiment(file));
    if (output.json) output.object({ file, dataset, parameters });
    showNotices(notices, output);
    output.note(printable(dataset.description, 500));
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  output.note(`saved  ${printable(file, Number.POSITIVE_INFINITY)}`);
  output.next(commandOf('train', file));
}
