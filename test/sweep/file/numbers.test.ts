import path from 'node:path';
import test from 'ava';
import { parseExperiment } from '../../../src/config/load.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import { trialExperiment } from '../../../src/sweep/file/experiment.ts';
import { loadSweep, sweepFiles } from '../../../src/sweep/file/load.ts';
import type { Assignment } from '../../../src/sweep/trial.ts';
import { workplace } from '../../cli/support/run-cli.ts';
import { doubles, textsOf } from '../../config/support/fuzz.ts';
import { load } from '../support/loaded-sweep.ts';

const SEED = 20261128;

test(`a double among a sweep's values is the same in its files, its log, its trial and the trial's own file (seed ${SEED})`, (t) => {
  const values = [...new Set(doubles(SEED, 100).filter((value) => value > 0))];
  const texts = values.map((value, i) => textsOf(value)[i % 3]);
  const loaded = load(t, `base: ./base.yaml\nmethod: grid\nparameters:\n  train.max_loss_ratio: {values: [${texts.join(', ')}]}\n`);
  t.deepEqual(loaded.settings.parameters['train.max_loss_ratio'], { distribution: 'categorical', values });
  const again = loadSweep(path.join(workplace(t, sweepFiles(loaded)), 'sweep.yaml'));
  t.deepEqual(again.settings.parameters, loaded.settings.parameters);
  for (const value of values) {
    const assignment = JSON.parse(JSON.stringify({ 'train.max_loss_ratio': value })) as Assignment;
    const trial = trialExperiment(again, assignment);
    t.is(trial.experiment.train.max_loss_ratio, value);
    t.is(parseExperiment(resolvedYaml(trial), { file: 'a.yaml' }).experiment.train.max_loss_ratio, value);
  }
});
