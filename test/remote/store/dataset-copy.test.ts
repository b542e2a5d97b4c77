import test from 'ava';
import { experimentFromObject } from '../../../src/config/load.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { fingerprintOf, loadDataset } from '../../../src/data/load.ts';
import { GradloomError } from '../../../src/errors.ts';
import { bundle, unbundle } from '../../../src/remote/store/bundle.ts';
import { contentKey, packDataset, unpackDataset } from '../../../src/remote/store/dataset-copy.ts';
import { Dice } from '../../engine/support/samples.ts';

const LAYERS = { model: { layers: [{ type: 'dense', units: 3 }] } };
const CASES = [
  {
    title: 'classes',
    hasWeights: false,
    experiment: experimentFromObject({
      ...LAYERS,
      data: { source: { type: 'synthetic', kind: 'blobs', samples: 60 }, normalize: 'zscore' },
    }),
  },
  {
    title: 'values with weights',
    hasWeights: true,
    experiment: experimentFromObject(
      { model: { layers: [{ type: 'dense', units: 1 }] }, loss: 'mse', data: { split: { train: 0.5, val: 0.25, test: 0.25 } } },
      {
        data: {
          x: Array.from({ length: 20 }, (_, i) => [i / 3, -i]),
          y: Array.from({ length: 20 }, (_, i) => i * 0.1),
        },
      },
    ),
  },
];

function weightsFor({ sampleCount }: Dataset): Float32Array<SharedArrayBuffer> {
  const weights = new Float32Array(new SharedArrayBuffer(4 * sampleCount));
  return weights.fill(1.5);
}

for (const { title, experiment, hasWeights } of CASES) {
  test(`a data set of ${title} comes out of its copy as it went in`, async (t) => {
    const loaded = await loadDataset(experiment.experiment, experiment.data);
    // Weights belong to the fingerprint where there are any.
    const weighted = { ...loaded, ...(hasWeights && { weights: weightsFor(loaded) }) };
    const dataset = { ...weighted, fingerprint: fingerprintOf(weighted) };
    const copy = unpackDataset(packDataset(dataset), contentKey(dataset));
    t.deepEqual(copy, dataset);
    t.true(copy.features.buffer instanceof SharedArrayBuffer);
    t.is(JSON.stringify(copy.preprocess), JSON.stringify(dataset.preprocess));
  });
}

test('a copy with another bit, or cut off anywhere, is refused by name, unless it means the same', async (t) => {
  const dataset = await loadDataset(CASES[0]!.experiment.experiment);
  const [bytes, key] = [packDataset(dataset), contentKey(dataset)];
  const seed = Number(process.env['GRADLOOM_TEST_SEED'] ?? 20261129);
  t.log(`seed ${seed}`);
  const dice = new Dice(seed);
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    const other = Uint8Array.from(bytes);
    const at = dice.int(0, bytes.length - 1);
    other[at] = (other[at] ?? 0) ^ (1 << dice.int(0, 7));
    const copy = unpacked(i % 2 === 0 ? other : bytes.subarray(0, at), key);
    if (copy instanceof GradloomError) {
      refused++;
      t.true(['E_RUN_FILE', 'E_DATA_TOO_LARGE', 'E_LIMIT'].includes(copy.code), `byte ${at}: ${copy.message}`);
    } else {
      // What it is called is for people, and no part of its content.
      t.deepEqual({ ...copy, description: dataset.description }, dataset, `byte ${at}`);
    }
  }
  t.true(refused > 270, `${refused}`);
});

function unpacked(bytes: Uint8Array, key: string): Dataset | GradloomError {
  try {
    return unpackDataset(bytes, key);
  } catch (error) {
    if (error instanceof GradloomError) return error;
    throw error;
  }
}

test('a bundle with a name that leads out of its folder is refused', (t) => {
  for (const name of ['../x', '/etc/passwd', 'a/b/c', '.ssh', 'a/../b', 'C:x', 'a\\b', '']) {
    const error = t.throws(() => unbundle(bundle([{ name, bytes: new Uint8Array(1) }]), 'copy'), { instanceOf: GradloomError }, name);
    t.is(error?.code, 'E_RUN_FILE');
    t.is(error?.where, 'copy');
  }
});
