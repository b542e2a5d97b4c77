import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { experimentFromObject, parseExperiment } from '../src/config/load.ts';
import { rowShape } from '../src/graph/graph.ts';
import { channelsFirst } from '../src/graph/window.ts';
import { buildNetwork } from '../src/model/network.ts';
import { loadSweep } from '../src/sweep/file/load.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const filesIn = (page: string): string[] =>
  [...readFileSync(path.join(root, page), 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text);
const blocks = filesIn('docs/experiment-files.md').filter((text) => text.includes('layers:'));

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

test('docs/sweeps.md: the sweep over depth and blocks is one of the experiment before it', (t) => {
  const files = filesIn('docs/sweeps.md');
  const at = files.findIndex((text) => text.includes('model.layers.1.repeat:'));
  const [base = '', parameters = ''] = files.slice(at - 1, at + 1);
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-layers-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, 'base.yaml'), `data: {source: mnist}\n${base}`);
  const file = path.join(folder, 'sweep.yaml');
  writeFileSync(file, `base: ./base.yaml\nmethod: grid\nmetric: {name: val.accuracy}\n${parameters}`);
  t.notThrows(() => loadSweep(file));
});
