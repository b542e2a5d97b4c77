import { SPLITS, type SplitName } from '../../../data/dataset.ts';
import type { Model } from '../../../use/model.ts';
import { defineCommand } from '../../arguments/command.ts';
import { loadNamed, MODEL_OPTIONS, MODEL_WORDS, type ModelRequest, modelOf } from '../../arguments/model.ts';
import { workersOf } from '../../arguments/positionals.ts';
import { wordOf } from '../../arguments/runs.ts';
import { Display } from '../../terminal/display.ts';
import { warningLine } from '../../terminal/notices.ts';
import type { Output } from '../../terminal/output.ts';

interface EvaluateRequest {
  model: ModelRequest;
  split: SplitName;
  data: string | undefined;
  workers: number | 'auto';
}

/** `gradloom evaluate`. */
export const evaluate = defineCommand<EvaluateRequest>({
  positionals: MODEL_WORDS,
  describe: 'Loss, metrics, scores of each class and confusion matrix of a trained model: the numbers of training, to the bit',
  options: {
    split: { value: 'NAME', describe: 'train, val or test; default test' },
    data: {
      value: 'FILE',
      describe:
        'rows as those trained on (CSV, Parquet, npz, a folder of pictures), or a YAML with source: all of them, preprocessed as for the model',
    },
    workers: { value: 'N', describe: 'worker threads, or auto; the result is the same' },
    ...MODEL_OPTIONS,
  },
  examples: [
    ['$0 evaluate @last', 'the test rows of the run that started last'],
    ['$0 evaluate @last --split val --checkpoint best --json', 'as JSON, with the parameters of the best evaluation'],
    ['$0 evaluate runs/digits-20260101-120000-29898d --data new.csv', 'other rows'],
  ],
  request: (args) => {
    const split = wordOf(args, 'split', SPLITS) ?? 'test';
    const data = args.text('data');
    if (data !== undefined && args.text('split') !== undefined)
      throw args.error('--split is of the data of the run; with --data all rows are evaluated');
    const workers = workersOf(args);
    return { model: modelOf(args), split, data, workers: workers === undefined || workers === 'auto' ? 'auto' : Number(workers) };
  },
  run: runEvaluate,
});

async function runEvaluate({ model: request, split, data, workers }: EvaluateRequest, output: Output): Promise<number> {
  new Display(output).showReading();
  const model = await loadNamed(request);
  const [{ evaluateOnOwnData }, { renderEvaluation }] = await Promise.all([
    import('../../../use/evaluate/evaluate.ts'),
    import('../../../report/runs/evaluation.ts'),
  ]);
  const found =
    data === undefined
      ? await evaluateOnOwnData(model, { split, workers })
      : await (await import('../../../use/evaluate/source.ts')).evaluateSource(model, data, { workers });
  if (!Number.isFinite(found.loss)) output.note(warningLine({ code: 'W_NONFINITE', message: await divergence(model, found.loss) }, output));
  const name = data ?? split;
  if (output.json) {
    const { rows, loss, metrics, confusion, classes } = found;
    output.object({
      split: data === undefined ? split : 'data',
      ...(data !== undefined && { data }),
      rows,
      loss,
      ...metrics,
      classes,
      confusion,
      ...model.origin,
    });
    return 0;
  }
  output.result(renderEvaluation(name, found, output.look(output.resultStream)));
  return 0;
}

/** What a loss that is not finite says of a model. */
async function divergence({ network, parameters }: Model, loss: number): Promise<string> {
  const { largestTensor } = await import('../../../model/largest.ts');
  const largest = largestTensor(network.parameters.map(({ name, offset, size }) => [name, parameters.subarray(offset, offset + size)]));
  return `the loss is ${loss}, so the metrics mean nothing: the run has diverged (${largest}), or rows have values far beyond those of training`;
}
