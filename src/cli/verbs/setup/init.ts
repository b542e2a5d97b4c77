import { existsSync, lstatSync } from 'node:fs';
import path from 'node:path';
import { expandHome } from '../../../config/tree/path-text.ts';
import { EXIT, printable } from '../../../errors.ts';
import type { FoundData } from '../../../runs/draft/found.ts';
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
      if (file !== undefined && !isExperiment(file)) return `${printable(file)}: an experiment is a .yaml file; the data goes with --data`;
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

async function initCommand(request: InitRequest, output: Output): Promise<number> {
  const { file, data, target, labels } = request;
  if (file !== undefined) refuseToReplace(file);
  if (data === undefined && !canAsk())
    throw usageError('--data is missing, and nobody can be asked here; expected gradloom init --data PATH', 'init');
  new Display(output).showReading();
  const [{ findData }, { draftExperiment, guessTarget, columnNamed }] = await Promise.all([
    import('../../../runs/draft/found.ts'),
    import('../../../runs/draft/draft.ts'),
  ]);
  const look = async (source: string): Promise<FoundData> => findData(source, labels);
  const isAsking = data === undefined;
  const found = isAsking
    ? await ask({ text: 'data: a table, arrays, or a folder of pictures', take: (answer) => look(typedPath(answer)) }, output)
    : await look(data);
  if (found === undefined) return left(output);
  const isTable = 'profile' in found;
  if (!isTable && target !== undefined) throw usageError(`--target: ${printable(found.path)} has no columns; it is for tables`, 'init');
  let column = target;
  if (isTable && isAsking && target === undefined) {
    output.note(`columns: ${found.profile.columns.map(({ name }) => printable(name)).join(', ')}`);
    const take = (answer: string): string => columnNamed(found, answer).name;
    column = await ask({ text: 'column to predict', fallback: guessTarget(found), take }, output);
    if (column === undefined) return left(output);
  }
  const stem = nameOf(path.resolve(found.path));
  let place = file ?? `${stem}.yaml`;
  if (isAsking && file === undefined) {
    const answered = await ask({ text: 'file to write', fallback: freeName(stem), take: newFile }, output);
    if (answered === undefined) return left(output);
    place = answered;
  }
  refuseToReplace(place);
  const options = { name: nameOf(place), directory: path.dirname(path.resolve(place)), target: column };
  await writeChecked(place, draftExperiment(found, options), output);
  return EXIT.ok;
}

/** Ctrl-C in place of an answer. */
function left(output: Output): number {
  output.note('nothing is written');
  return EXIT.interrupted;
}

/** What a file is about, in letters that need no quotes. */
function nameOf(file: string): string {
  return (
    path
      .parse(file)
      .name.replaceAll(/[^\w.-]+/g, '-')
      .replace(/^[-.]+/, '') || 'experiment'
  );
}

/** A path as it is typed or dragged into a terminal: perhaps quoted, with backslashes before its spaces, or from the home directory on. */
function typedPath(answer: string): string {
  const quoted = /^(?<quote>['"])(?<inner>.*)\k<quote>$/.exec(answer)?.groups?.['inner'];
  return quoted ?? expandHome(existsSync(answer) ? answer : answer.replaceAll('\\ ', ' '));
}

/** @throws GradloomError E_USAGE */
function newFile(answer: string): string {
  const file = typedPath(answer);
  if (!isExperiment(file)) throw usageError(`${printable(file)}: an experiment is a .yaml file`, 'init');
  refuseToReplace(file);
  return file;
}

function isExperiment(file: string): boolean {
  return /\.ya?ml$/i.test(file);
}

function freeName(stem: string): string {
  for (let number = 1; ; number++) {
    const file = number === 1 ? `${stem}.yaml` : `${stem}-${number}.yaml`;
    if (!isThere(file)) return file;
  }
}

/** @throws GradloomError E_USAGE */
function refuseToReplace(file: string): void {
  if (isThere(file)) throw usageError(`${printable(file)}: there is one already, and nothing is replaced; name another`, 'init');
}

/** Also a link that leads nowhere. */
function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** Writes an experiment once it is sure that it would train. */
async function writeChecked(file: string, text: string, output: Output): Promise<void> {
  const [{ writeOutput }, { parseExperiment }, { inspectExperiment }] = await Promise.all([
    import('../../../storage/atomic.ts'),
    import('../../../config/load.ts'),
    import('../../../runs/prepare/inspect.ts'),
  ]);
  let inspection: Awaited<ReturnType<typeof inspectExperiment>>;
  try {
    inspection = await inspectExperiment(parseExperiment(text, { file }));
  } catch (error) {
    output.note('nothing is written: what was drafted would not train');
    throw error;
  }
  refuseToReplace(file);
  await writeOutput(file, text);
  const { dataset, parameters, notices } = inspection;
  if (output.json) output.object({ file, dataset, parameters });
  showNotices(notices, output);
  output.note(printable(dataset.description, 500));
  output.note(`saved  ${printable(file, Number.POSITIVE_INFINITY)}`);
  output.next(commandOf('train', file));
}
