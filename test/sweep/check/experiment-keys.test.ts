import test from 'ava';
import { parseExperimentTree } from '../../../src/config/load.ts';
import { experimentKeys, hiddenLayerKeys, isOfLayer } from '../../../src/sweep/check/experiment-keys.ts';
import { BASE } from '../support/loaded-sweep.ts';

test('keys of layers are those of the items of model.layers, not of other lists', (t) => {
  const text = `${BASE}loss: {type: softmax_cross_entropy, class_weights: [1, 2, 3]}\n`;
  const keys = experimentKeys(parseExperimentTree(text, { file: 'base.yaml' }).tree);
  const ofLayers = [...keys].filter(([, key]) => isOfLayer(key)).map(([name]) => name);
  t.true(keys.has('loss.class_weights.0'));
  t.true(ofLayers.includes('model.layers.0.units') && ofLayers.includes('model.layers.1.units'));
  for (const name of ofLayers) t.regex(name, /^model\.layers\.\d+\./);
  for (const [name, key] of keys) if (name.startsWith('model.layers.')) t.true(isOfLayer(key), name);
  t.deepEqual(hiddenLayerKeys(keys, 'units'), ['model.layers.0.units']);
});
