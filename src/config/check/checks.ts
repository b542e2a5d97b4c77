import { printable } from '../../errors.ts';
import { isRegressionMetric, problemOf, REGRESSION_METRICS, topKOf } from '../names/metrics.ts';
import { outlineAt } from '../schema/outline.ts';
import { oneOf } from '../text/closest.ts';
import { dotted, type Node, nodeAt } from '../text/node.ts';
import type { Problems } from '../text/problems.ts';
import { View } from '../tree/view.ts';
import { checkUniform } from './layers/entry.ts';
import { checkLayers, modelOutputs } from './layers/layers.ts';
import { checkSource } from './sources.ts';
import { checkSplit } from './splits.ts';
import { checkWatched } from './watch.ts';

/** Length of a training without `train.epochs` and `train.steps`. */
export const DEFAULT_EPOCHS = 10;

/** Device names of Windows, with or without an extension: no directory there can have them. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
/** A matrix of 8 MB for each worker. */
const MAX_CONFUSION_CLASSES = 1000;

/** What one key's schema cannot see: rules between keys. Defaults count as given values. */
export function checkAcross(root: Node, problems: Problems): void {
  const view = new View(root, problems, modelOutputs);
  checkName(view);
  checkLength(view);
  checkOptimizer(view);
  checkSchedule(view, root);
  checkSource(view);
  checkSplit(view, root);
  checkLossWeights(view);
  checkMetrics(view);
  checkWatched(view);
  checkUniform(view, ['model', 'init']);
  checkLayers(view, root);
  const workers = view.number(['parallel', 'workers']);
  const leaves = view.number(['numerics', 'leaves']);
  if (workers !== undefined && leaves !== undefined && workers > leaves) {
    const message = `more workers than leaves; got ${workers}; expected at most numerics.leaves, which is ${leaves}`;
    view.report('E_CONFIG_RANGE', view.given(['parallel', 'workers']) ? ['parallel', 'workers'] : ['numerics', 'leaves'], message);
  }
}

function checkName(view: View): void {
  const name = view.value(['name']);
  if (typeof name === 'string' && DEVICE.test(name)) {
    view.report('E_RUN_NAME', ['name'], `not a usable name; got ${printable(name, 80)}, a device on Windows; expected another name`);
  }
}

function checkLength(view: View): void {
  if (!view.given(['train', 'epochs']) || !view.given(['train', 'steps'])) return;
  view.report('E_CONFIG_VALUE', ['train', 'steps'], 'train.epochs is given too; expected one of the two');
}

function checkOptimizer(view: View): void {
  const nesterov = ['optimizer', 'nesterov'];
  if (view.type(['optimizer']) !== 'sgd' || view.value(nesterov) !== true) return;
  if (view.number(['optimizer', 'momentum']) === 0) {
    view.report('E_CONFIG_VALUE', nesterov, 'nesterov needs momentum; expected optimizer.momentum above 0');
  }
  const dampening = view.number(['optimizer', 'dampening']);
  if (dampening !== undefined && dampening !== 0) {
    view.report('E_CONFIG_VALUE', ['optimizer', 'dampening'], `nesterov needs dampening 0; got ${dampening}`);
  }
}

function checkSchedule(view: View, root: Node): void {
  const milestones = nodeAt(root, ['schedule', 'milestones']);
  if (view.type(['schedule']) === 'multistep' && milestones?.kind === 'list') {
    for (const i of milestones.items.keys()) {
      const [before, at] = [i - 1, i].map((k) => view.number(['schedule', 'milestones', k]));
      if (before === undefined || at === undefined || before < at) continue;
      view.report('E_CONFIG_RANGE', ['schedule', 'milestones', i], `milestones must increase; got ${at} after ${before}`);
    }
  }
  const warmup = ['schedule', 'warmup'];
  if (!view.given(warmup)) return;
  const [inSteps, inEpochs] = [view.given([...warmup, 'steps']), view.given([...warmup, 'epochs'])];
  if (inSteps && inEpochs)
    view.report('E_CONFIG_VALUE', [...warmup, 'steps'], 'schedule.warmup.epochs is given too; expected one of the two');
  else if (!inSteps && !inEpochs) view.report('E_CONFIG_MISSING', warmup, 'missing its length; expected epochs or steps');
  else if (outlineAt(root, ['schedule', 'horizon']) !== undefined) checkWarmup(view, inSteps ? 'steps' : 'epochs');
}

/** Of a schedule that ends. Where warmup and horizon count in different units the data decides, so `checkWarmup` of src/optim looks again. */
function checkWarmup(view: View, unit: 'steps' | 'epochs'): void {
  const horizon = view.given(['schedule', 'horizon']) ? ['schedule', 'horizon', unit] : ['train', unit];
  const warmup = view.number(['schedule', 'warmup', unit]);
  const isDefault =
    unit === 'epochs' && !view.given(['schedule', 'horizon']) && !view.given(['train', 'epochs']) && !view.given(['train', 'steps']);
  const length = isDefault ? DEFAULT_EPOCHS : view.number(horizon);
  if (warmup === undefined || length === undefined || warmup < length) return;
  const message = `a warmup that leaves nothing of the schedule; got ${warmup}; expected less than ${dotted(horizon)}, which is ${length}`;
  view.report('E_CONFIG_RANGE', ['schedule', 'warmup', unit], message);
}

/** Weights of classes or outputs: one for each output of the last layer, and not all of them 0. */
function checkLossWeights(view: View): void {
  const key = view.type(['loss']) === 'sigmoid_cross_entropy' ? 'pos_weight' : 'class_weights';
  const path = ['loss', key];
  const count = view.count(path);
  const outputs = view.outputs();
  if (count === undefined) return;
  if (outputs !== undefined && count !== outputs) {
    view.report('E_CONFIG_VALUE', path, `got ${count} weights; expected one for each of the ${outputs} outputs of the last layer`);
  } else if (
    key === 'class_weights' &&
    Array.from({ length: count }, (_, i) => view.number([...path, i])).every((weight) => weight === 0)
  ) {
    view.report('E_CONFIG_RANGE', path, 'all weights are 0; expected at least one above 0');
  }
}

function checkMetrics(view: View): void {
  const count = view.count(['metrics']) ?? 0;
  const loss = view.type(['loss']);
  const problem = problemOf(loss);
  const outputs = view.outputs();
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) {
    const path = ['metrics', i];
    const name = view.value(path);
    if (typeof name !== 'string') continue;
    const k = topKOf(name);
    if (seen.has(name)) view.report('E_CONFIG_VALUE', path, `given twice; got ${name}`);
    else if (problem !== undefined && problem !== (isRegressionMetric(name) ? 'regression' : 'classification')) {
      const expected = problem === 'regression' ? oneOf(REGRESSION_METRICS) : 'a metric of classes, such as accuracy';
      view.report('E_CONFIG_VALUE', path, `${name} does not go with a ${problem} loss; loss is ${String(loss)}; expected ${expected}`);
    } else if (k !== undefined && outputs !== undefined && k >= outputs) {
      view.report('E_CONFIG_RANGE', path, `always 1; got k ${k}; expected k below the ${outputs} outputs of the last layer`);
    } else if (name === 'confusion' && outputs !== undefined && outputs > MAX_CONFUSION_CLASSES) {
      view.report('E_CONFIG_RANGE', path, `too many classes; got ${outputs}; expected at most ${MAX_CONFUSION_CLASSES}`);
    }
    seen.add(name);
  }
}
