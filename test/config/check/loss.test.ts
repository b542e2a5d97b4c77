import test from 'ava';
import { errorOf, parse, problemsOf, VALID } from '../support/experiments.ts';

const METRICS =
  'expected one of accuracy, macro_precision, macro_recall, macro_f1, micro_precision, micro_recall, micro_f1, confusion, mae, rmse, r2, or top<k>_accuracy with k from 2';
const CLASS_WEIGHTS = 'expected a list of 1 to 1000000 items, or balanced';
const WEIGHT = 'expected a number from 0 to 1000000000';

/** `yaml` follows VALID (10 outputs, softmax), so it starts at line 3. */
const refused: { title: string; yaml: string; problems: string[] }[] = [
  {
    title: 'a label smoothing above 1',
    yaml: 'loss: {label_smoothing: 1.5}',
    problems: ['3:25 [E_CONFIG_RANGE] loss.label_smoothing: out of range; got 1.5; expected a number from 0 to 1'],
  },
  {
    title: 'fewer class weights than outputs',
    yaml: 'loss: {class_weights: [1, 2, 3]}',
    problems: ['3:8 [E_CONFIG_VALUE] loss.class_weights: got 3 weights; expected one for each of the 10 outputs of the last layer'],
  },
  {
    title: 'class weights that are all 0',
    yaml: 'loss: {class_weights: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]}',
    problems: ['3:8 [E_CONFIG_RANGE] loss.class_weights: all weights are 0; expected at least one above 0'],
  },
  {
    title: 'a negative class weight',
    yaml: 'loss: {class_weights: [1, 2, -3, 1, 1, 1, 1, 1, 1, 1]}',
    problems: [`3:30 [E_CONFIG_RANGE] loss.class_weights.2: out of range; got -3; ${WEIGHT}`],
  },
  {
    title: 'a word among class weights',
    yaml: 'loss: {class_weights: [1, two, 3, 1, 1, 1, 1, 1, 1, 1]}',
    problems: [`3:27 [E_CONFIG_TYPE] loss.class_weights.1: wrong type; got two; ${WEIGHT}`],
  },
  {
    title: 'no class weights',
    yaml: 'loss: {class_weights: []}',
    problems: ['3:8 [E_CONFIG_RANGE] loss.class_weights: out of range; got 0 items; expected a list of 1 to 1000000 items'],
  },
  {
    title: 'a misspelt balanced',
    yaml: 'loss: {class_weights: balance}',
    problems: [`3:23 [E_CONFIG_VALUE] loss.class_weights: unknown value; got balance; ${CLASS_WEIGHTS}; did you mean balanced?`],
  },
  {
    title: 'class weights of another loss',
    yaml: 'loss: {type: sigmoid_cross_entropy, class_weights: balanced}',
    problems: ['3:37 [E_CONFIG_UNKNOWN_KEY] loss.class_weights: unknown key; only type: softmax_cross_entropy has it'],
  },
  {
    title: 'fewer positive weights than outputs',
    yaml: 'loss: {type: sigmoid_cross_entropy, pos_weight: [1, 2]}',
    problems: ['3:37 [E_CONFIG_VALUE] loss.pos_weight: got 2 weights; expected one for each of the 10 outputs of the last layer'],
  },
  {
    title: 'a negative positive weight',
    yaml: 'loss: {type: sigmoid_cross_entropy, pos_weight: -1}',
    problems: [
      '3:49 [E_CONFIG_RANGE] loss.pos_weight: out of range; got -1; expected a number from 0 to 1000000000, or a list of 1 to 1000000 items',
    ],
  },
  {
    title: 'a delta of 0',
    yaml: 'loss: {type: huber, delta: 0}',
    problems: ['3:28 [E_CONFIG_RANGE] loss.delta: out of range; got 0; expected a number above 0, at most 1e+30'],
  },
  {
    title: 'an unknown metric',
    yaml: 'metrics: [acuracy]',
    problems: [`3:11 [E_CONFIG_VALUE] metrics.0: unknown value; got acuracy; ${METRICS}; did you mean accuracy?`],
  },
  {
    title: 'the accuracy of the top 1',
    yaml: 'metrics: [top1_accuracy]',
    problems: [`3:11 [E_CONFIG_VALUE] metrics.0: unknown value; got top1_accuracy; ${METRICS}`],
  },
  {
    title: 'as many top places as outputs',
    yaml: 'metrics: [accuracy, top10_accuracy]',
    problems: ['3:21 [E_CONFIG_RANGE] metrics.1: always 1; got k 10; expected k below the 10 outputs of the last layer'],
  },
  {
    title: 'a metric given twice',
    yaml: 'metrics: [macro_f1, macro_f1]',
    problems: ['3:21 [E_CONFIG_VALUE] metrics.1: given twice; got macro_f1'],
  },
  {
    title: 'accuracy with a regression loss',
    yaml: 'loss: mse\nmetrics: [accuracy]',
    problems: ['4:11 [E_CONFIG_VALUE] metrics.0: accuracy does not go with a regression loss; loss is mse; expected one of mae, rmse, r2'],
  },
  {
    title: 'r2 with a classification loss',
    yaml: 'metrics: [r2]',
    problems: [
      '3:11 [E_CONFIG_VALUE] metrics.0: r2 does not go with a classification loss; loss is softmax_cross_entropy; expected a metric of classes, such as accuracy',
    ],
  },
  {
    title: 'a confusion matrix of too many classes',
    yaml: 'metrics: [confusion]\nmodel: {layers: [{type: dense, units: 1001}]}',
    problems: ['1:11 [E_CONFIG_RANGE] metrics.0: too many classes; got 1001; expected at most 1000'],
  },
  {
    title: 'an unknown loss, whose metrics are not judged',
    yaml: 'loss: sofmax_cross_entropy\nmetrics: [r2]',
    problems: [
      '3:7 [E_CONFIG_VALUE] loss: unknown value; got sofmax_cross_entropy; expected one of softmax_cross_entropy, sigmoid_cross_entropy, mse, huber, mae; did you mean softmax_cross_entropy?',
    ],
  },
  {
    title: 'a number for the sample weights',
    yaml: 'data: {source: mnist, sample_weights: 3}',
    problems: ['1:39 [E_CONFIG_TYPE] data.sample_weights: wrong type; got 3; expected a file name; write "3" for text'],
  },
];

for (const { title, yaml, problems } of refused) {
  test(`${title} is refused, exit code 78`, (t) => {
    const text = yaml.startsWith('data:')
      ? `${yaml}\nmodel: {layers: [{type: dense, units: 10}]}\n`
      : yaml.includes('model:')
        ? `${yaml}\ndata: {source: mnist}\n`
        : `${VALID}${yaml}\n`;
    t.deepEqual(
      problemsOf(() => parse(text)),
      problems.map((problem) => `a.yaml:${problem}`),
    );
    t.is(errorOf(() => parse(text)).exitCode, 78);
  });
}

test('metrics default to accuracy with a classification loss and to none with a regression loss', (t) => {
  t.deepEqual(parse(VALID).experiment.metrics, ['accuracy']);
  t.deepEqual(parse(VALID, ['loss=sigmoid_cross_entropy']).experiment.metrics, ['accuracy']);
  for (const loss of ['mse', 'huber', 'mae']) t.deepEqual(parse(VALID, [`loss=${loss}`]).experiment.metrics, []);
});

test('losses take their options, as words and as maps', (t) => {
  t.deepEqual(parse(VALID).experiment.loss, { type: 'softmax_cross_entropy', label_smoothing: 0 });
  t.deepEqual(parse(VALID, ['loss.class_weights=balanced', 'loss.label_smoothing=0.1']).experiment.loss, {
    type: 'softmax_cross_entropy',
    label_smoothing: 0.1,
    class_weights: 'balanced',
  });
  t.deepEqual(parse(VALID, ['loss={type: sigmoid_cross_entropy, pos_weight: 2}']).experiment.loss, {
    type: 'sigmoid_cross_entropy',
    label_smoothing: 0,
    pos_weight: 2,
  });
  t.deepEqual(parse(VALID, ['loss=huber']).experiment.loss, { type: 'huber', delta: 1 });
});

test('all metrics of classes are accepted together', (t) => {
  const names = ['accuracy', 'top2_accuracy', 'top9_accuracy', 'macro_precision', 'macro_recall', 'macro_f1'];
  const more = ['micro_precision', 'micro_recall', 'micro_f1', 'confusion'];
  t.deepEqual(parse(`${VALID}metrics: [${[...names, ...more].join(', ')}]\n`).experiment.metrics, [...names, ...more]);
});
