import test from 'ava';
import { parseExperiment } from '../../../src/config/load.ts';
import { renderInspection } from '../../../src/report/runs/inspection.ts';
import { inspectExperiment } from '../../../src/runs/prepare/inspect.ts';

const TEXT = `version: 2
data: {source: {type: synthetic, kind: blobs, features: 48}}
model:
  layers:
    - {type: reshape, shape: [3, 4, 4]}
    - {type: conv2d, filters: 8, kernel: 3, padding: same, batch_norm: true}
    - {type: max_pool2d, kernel: 2}
    - {type: flatten}
    - {type: dense, units: 4}
train: {steps: 1}
`;

test('the layers of a check: shapes channels first, parameters a layer, layers without any among them', async (t) => {
  const loaded = parseExperiment(TEXT, { file: 'exp.yaml' });
  const inspection = await inspectExperiment(loaded);
  t.deepEqual(
    inspection.layers.map(({ shape, parameters }) => [shape, parameters]),
    [
      [[3, 4, 4], 0],
      [[8, 4, 4], 8 * 27 + 8 + 16],
      [[8, 2, 2], 0],
      [[32], 0],
      [[4], 132],
    ],
  );
  const text = renderInspection(loaded, inspection, { boxed: false, paint: (_, shown) => shown });
  const table = text.slice(text.indexOf('layer  '), text.indexOf('memory  ')).trim();
  t.is(
    table.replaceAll(/ +$/gm, ''),
    `layer         output  parameters  tensor                        shape
input             48
0 reshape      3x4x4
1 conv2d       8x4x4         240  layers.1.weight       8 x 3 x 3 x 3
                                  layers.1.bias                     8
                                  layers.1.norm.weight              8
                                  layers.1.norm.bias                8
2 max_pool2d   8x2x2
3 flatten         32
4 dense            4         132  layers.4.weight              4 x 32
                                  layers.4.bias                     4
all                          372`,
  );
});
