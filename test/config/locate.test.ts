import test from 'ava';
import { GradloomError } from '../../src/errors.ts';
import { inspectExperiment } from '../../src/runs/prepare/inspect.ts';
import { parse } from './support/experiments.ts';

test('what only the data tells of a layer within layers is shown at the line of its key', async (t) => {
  const loaded = parse(`data: {source: {type: synthetic, kind: blobs, features: 16, classes: 3}}
model:
  layers:
    - {type: reshape, shape: [2, 8]}
    - repeat: 2
      layers:
        - {block: wide-one}
    - {type: dense, units: 3}
  blocks:
    wide-one:
      - {type: conv1d, filters: 2, kernel: 9}
`);
  const error = await t.throwsAsync(inspectExperiment(loaded), { instanceOf: GradloomError });
  t.regex(error?.where ?? '', /^a\.yaml:11:\d+$/);
  t.regex(error?.frame ?? '', /^> 11 \| {7}- \{type: conv1d, filters: 2, kernel: 9\}\n +\| +\^/m);
  t.regex(error?.message ?? '', /^model\.blocks\.wide-one\.0(?:\.kernel)?: /);
});
