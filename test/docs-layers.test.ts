import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { experimentFromObject, parseExperiment } from '../src/config/load.ts';
import { rowShape } from '../src/graph/graph.ts';
import { channelsFirst } from '../src/graph/window.ts';
import { buildNetwork } from '../src/model/network.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const page = readFileSync(path.join(root, 'docs/experiment-files.md'), 'utf8');
const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text).filter((text) => text.includes('layers:'));

const numbers = (text = ''): number[] => text.split(', ').map(Number);

test('there are some files of layers on the page', (t) => {
  t.true(blocks.length >= 7, `${blocks.length}`);
});

for (const [i, block] of blocks.entries()) {
  test(`docs/experiment-files.md: file ${i + 1} of layers gives the shapes that stand beside them`, (t) => {
    const sample = numbers(/on samples of \[([\d, ]+)\]/.exec(block)?.[1]);
    const { experiment } = parseExperiment(`data: {source: mnist}\n${block}`, { file: 'page.yaml' });
    // An entry of the list of layers, not one that lies deeper.
    const entries = block
      .slice(block.indexOf('\n  layers:'))
      .split('\n')
      .filter((line) => line.startsWith('    - '));
    t.is(entries.length, experiment.model.layers.length);
    for (const [k, line] of entries.entries()) {
      // Pictures cannot be the end.
      const layers = [...experiment.model.layers.slice(0, k + 1), { type: 'dense' as const, units: 1 }];
      const { experiment: beginning } = experimentFromObject({ data: { source: 'mnist' }, model: { ...experiment.model, layers } });
      const { graph } = buildNetwork(beginning, sample);
      const behind = graph.layers.at(-2)?.y ?? '';
      t.deepEqual(channelsFirst(rowShape(graph, behind)), numbers(/# \[([\d, ]+)\]/.exec(line)?.[1]), line);
    }
    const { graph, layers } = buildNetwork(experiment, sample);
    t.deepEqual(rowShape(graph, graph.output), numbers(/# \[([\d, ]+)\]/.exec(entries.at(-1) ?? '')?.[1]));
    const [, last] = /layer (\d+)\n$/.exec(block) ?? [];
    if (last !== undefined) t.is(layers.length - 1, Number(last));
  });
}
