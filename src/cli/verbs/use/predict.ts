import path from 'node:path';
import { printable } from '../../../errors.ts';
import type { PredictionFormat } from '../../../use/predict/format.ts';
import { type Arguments, defineCommand } from '../../arguments/command.ts';
import { loadNamed, MODEL_OPTIONS, MODEL_WORDS, type ModelRequest, modelOf } from '../../arguments/model.ts';
import { countOf } from '../../arguments/runs.ts';
import { Display } from '../../terminal/display.ts';
import type { Output } from '../../terminal/output.ts';

const FORMATS: readonly PredictionFormat[] = ['csv', 'jsonl', 'npy'];

interface PredictRequest {
  model: ModelRequest;
  input: string;
  output: string | undefined;
  format: PredictionFormat;
  proba: boolean;
  top: number | undefined;
}

/** `gradloom predict`. */
export const predict = defineCommand<PredictRequest>({
  positionals: MODEL_WORDS,
  describe: 'What a trained model says of rows: a file of any length, or lines of JSON that are answered as they come',
  options: {
    input: {
      value: 'FILE',
      describe: 'CSV, Parquet (columns by name), JSON lines, npy, npz, IDX, a picture or a folder of them; - reads JSON lines from stdin',
    },
    output: {
      short: 'o',
      value: 'FILE',
      describe: 'where predictions go, as .csv, .jsonl or .npy; default stdout, as CSV, with --input - as JSON lines',
    },
    proba: { describe: 'with the probability of each class' },
    top: { value: 'N', describe: 'with the N likeliest classes and their probabilities' },
    ...MODEL_OPTIONS,
  },
  examples: [
    ['$0 predict @last --input rows.csv --output predictions.csv --proba', 'a line for each row, in order'],
    ["echo '[5.1, 3.5, 1.4, 0.2]' | $0 predict @last --input -", 'one row'],
  ],
  request: (args) => {
    const input = args.text('input');
    if (input === undefined) throw args.error('--input is missing; expected --input FILE, or --input - for lines of JSON from stdin');
    const output = args.text('output');
    const format = formatOf(args, input, output);
    const request = { model: modelOf(args), input, output, format, proba: args.flag('proba'), top: countOf(args, 'top') };
    if (request.top !== undefined && format === 'npy') throw args.error('--top goes with csv and jsonl; npy holds numbers only');
    return request;
  },
  run: runPredict,
});

function formatOf(args: Arguments, input: string, output: string | undefined): PredictionFormat {
  if (output === undefined) return args.flag('json') || input === '-' ? 'jsonl' : 'csv';
  const ending = path.extname(output).slice(1).toLowerCase();
  const format = FORMATS.find((name) => name === ending);
  if (format === undefined) throw args.error(`--output: expected a name that ends in .csv, .jsonl or .npy; got ${printable(output)}`);
  return format;
}

/** Rows after which a terminal is told how far it is. */
const PROGRESS_ROWS = 10_000;

async function runPredict({ model: request, input, output: file, ...options }: PredictRequest, output: Output): Promise<number> {
  const model = await loadNamed(request);
  const [{ openRows }, { jsonLineRows }, { predictStream }] = await Promise.all([
    import('../../../use/rows/open.ts'),
    import('../../../use/rows/json-lines.ts'),
    import('../../../use/predict/stream.ts'),
  ]);
  const { preprocess, network } = model;
  const { batches, isFolder } =
    input === '-'
      ? { batches: jsonLineRows(process.stdin, 'stdin', preprocess, network.inputs), isFolder: false }
      : await openRows(input, preprocess, network.inputs);
  const display = new Display(output);
  let told = 0;
  const progress = (count: number): void => {
    if (count - told < PROGRESS_ROWS) return;
    told = count;
    display.update([`${count} rows`]);
  };
  const count = await predictStream(model, batches, file ?? { write: (bytes) => output.piece(bytes) }, {
    ...options,
    files: isFolder,
    progress,
  });
  display.clear();
  if (file !== undefined && output.json) output.object({ rows: count, output: file });
  else if (file !== undefined) output.note(`${count} ${count === 1 ? 'prediction' : 'predictions'} in ${printable(file)}`);
  return 0;
}
