/** Words for the validation set, and for what is measured, in names that W&B's users log. */
const SPLITS: Readonly<Record<string, string>> = {
  val: 'val',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  eval: 'val',
  test: 'test',
  testing: 'test',
  train: 'train',
  training: 'train',
};
const MEASURES: Readonly<Record<string, string>> = {
  acc: 'accuracy',
  categorical_accuracy: 'accuracy',
  sparse_categorical_accuracy: 'accuracy',
  accuracy_score: 'accuracy',
  top1_accuracy: 'accuracy',
  top1_acc: 'accuracy',
  f1: 'macro_f1',
  f1_score: 'macro_f1',
  precision: 'macro_precision',
  recall: 'macro_recall',
  mean_absolute_error: 'mae',
  root_mean_squared_error: 'rmse',
  r2_score: 'r2',
};
/** Words that say when a value was taken, not what it is. */
const DECORATION: readonly string[] = ['epoch', 'best', 'final', 'last', 'mean', 'avg', 'average'];

/**
 * The evaluated metric that a name means: itself, or what W&B's users write for it: `acc`, `val_loss`, `Validation/Accuracy`,
 * `valid_acc`, and `test/accuracy` too, for which the validation set stands in. A dotted name of ours means itself only.
 *
 * @param names  what is evaluated during training
 * @returns undefined if it is none of these, or could be several
 */
export function habitualMetric(name: string, names: readonly string[]): string | undefined {
  if (names.includes(name)) return name;
  if (/^(?:train|val|test)\./.test(name)) return undefined;
  const { split, measure } = partsOf(name);
  const wanted = names.filter((one) => one.slice(one.indexOf('.') + 1).replace(/^eval_/, '') === measure);
  // What a training batch gives is another thing than an evaluation.
  const found = wanted.filter((one) => one.startsWith('train.') === (split === 'train') || split === undefined);
  return found.length === 1 ? found[0] : undefined;
}

/** Whether a name speaks of the test set, in another form than ours. */
export function isOfTestSet(name: string): boolean {
  return partsOf(name).split === 'test';
}

function partsOf(name: string): { split: string | undefined; measure: string } {
  const words = name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const split = words.find((word) => Object.hasOwn(SPLITS, word));
  const rest = words.filter((word) => word !== split && !DECORATION.includes(word)).join('_');
  const measure = /^top_?(?<k>\d+)_(?:acc|accuracy)$/.exec(rest)?.groups?.['k'];
  const known = Object.hasOwn(MEASURES, rest) ? MEASURES[rest] : undefined;
  return {
    split: split === undefined ? undefined : SPLITS[split],
    measure: known ?? (measure === undefined ? rest : `top${measure}_accuracy`),
  };
}
