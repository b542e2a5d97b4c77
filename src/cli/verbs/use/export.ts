import { printable } from '../../../errors.ts';
import { TARGETS, type Target } from '../../../export/target.ts';
import type { CheckpointChoice } from '../../../use/model/weights.ts';
import { type Arguments, defineCommand } from '../../arguments/command.ts';
import { listOf, RUNS_DIR, runsDirOf, runWords, wordOf } from '../../arguments/runs.ts';
import type { Output } from '../../terminal/output.ts';

interface ExportRequest {
  run: string;
  to: Target;
  output: string;
  raw: boolean;
  dtype: 'f32' | 'f16';
  batchNorm: 'fold' | 'keep';
  checkpoint: CheckpointChoice;
  average: boolean;
  /** Names for the classes of an ONNX file. */
  classes: string[] | undefined;
  dir?: string;
}

/** `gradloom export`. */
export const exportCommand = defineCommand<ExportRequest>({
  positionals: runWords(1, 1),
  describe: 'Write a trained network for other programs: ONNX, a JavaScript module, PyTorch, safetensors, Keras',
  options: {
    to: { value: 'FORMAT', values: TARGETS, describe: `what to write: ${TARGETS.join(', ')}` },
    output: { value: 'PATH', short: 'o', describe: 'the file to write; torch and keras-json write their weights beside it' },
    raw: { describe: 'leave preprocessing out: the export takes what the network takes' },
    dtype: { value: 'TYPE', describe: 'how js keeps its weights: f32 (default) or f16, half as large' },
    'batch-norm': { value: 'HOW', describe: 'of onnx and js: fold batch norms into the layers before them (default), or keep them' },
    checkpoint: { value: 'WHICH', describe: 'last (default), best, or the step of a checkpoint' },
    average: { describe: 'the averaged parameters of a run with train.average' },
    classes: { value: 'LIST', repeats: true, describe: 'names of the classes of an ONNX file, by comma' },
    ...RUNS_DIR,
  },
  examples: [
    ['$0 export @last --to onnx --output model.onnx', 'for onnxruntime; raw values in, probabilities and class out'],
    ['$0 export @last --to js --output model.js --dtype f16', 'one file for Node, Deno, Bun and browsers'],
    ['$0 export 29898d --to torch --output model.py', 'model.py and model.safetensors: `from model import load`'],
  ],
  request: (args) => {
    const output = args.text('output');
    if (output === undefined || output === '')
      throw args.error('--output is missing; expected gradloom export RUN --to FORMAT --output PATH');
    const to = wordOf(args, 'to', TARGETS);
    if (to === undefined) throw args.error(`--to is missing; expected one of ${TARGETS.join(', ')}`);
    const dtype = wordOf(args, 'dtype', ['f32', 'f16'] as const);
    if (dtype !== undefined && to !== 'js') throw args.error(`--dtype is for --to js; ${to} keeps f32`);
    const batchNorm = wordOf(args, 'batch-norm', ['fold', 'keep'] as const);
    if (batchNorm === 'fold' && to !== 'onnx' && to !== 'js')
      throw args.error(`--batch-norm fold is for --to onnx and js; ${to} keeps them`);
    if (args.flag('raw') && to === 'safetensors')
      throw args.error('--raw is for formats that compute; safetensors holds tensors, and tells of preprocessing in its metadata');
    return {
      run: args.text('run') ?? '',
      to,
      output,
      raw: args.flag('raw'),
      dtype: dtype ?? 'f32',
      batchNorm: batchNorm ?? 'fold',
      checkpoint: checkpointOf(args),
      average: args.flag('average'),
      classes: listOf(args, 'classes'),
      ...runsDirOf(args),
    };
  },
  run: exportRun,
});

function checkpointOf(args: Arguments): CheckpointChoice {
  const text = args.text('checkpoint');
  if (text === undefined || text === 'last' || text === 'best') return text ?? 'last';
  if (!/^\d{1,15}$/.test(text)) throw args.error(`--checkpoint: expected last, best or a step; got ${printable(text)}`);
  return Number(text);
}

async function exportRun({ run: word, dir, checkpoint, average, classes, to, ...options }: ExportRequest, output: Output): Promise<number> {
  const [{ readForExport }, { writeExport }, { showBytes }] = await Promise.all([
    import('../../../export/sources.ts'),
    import('../../../export/export.ts'),
    import('../../../machine/show-bytes.ts'),
  ]);
  const model = await readForExport(word, { dir, checkpoint, average, classes });
  const report = await writeExport(model, to, options);
  if (output.json) {
    output.object({ model: model.name, to, ...report });
    return 0;
  }
  for (const { path, bytes } of report.files) output.result(`${printable(path)}  ${showBytes(bytes)}`);
  output.result(
    report.note ??
      `compared with the network on ${report.rows} rows: same classes, largest difference ${report.difference?.toExponential(1)}`,
  );
  return 0;
}
