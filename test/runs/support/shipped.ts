import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadExperiment } from '../../../src/config/load.ts';
import { train } from '../../../src/runs/training/train.ts';
import { idxBytes } from '../../data/support/idx-file.ts';
import { Dice } from '../../engine/support/samples.ts';
import { threads } from '../../engine/support/warm-threads.ts';

const CONFIGS = fileURLToPath(new URL('../../../../configs/', import.meta.url));
const SIDE = 28;
const IMAGES = { train: 200, test: 50 };

/** Every experiment file that is shipped, with what makes it short. */
export function shippedExperiments(idxFolder: string): { file: string; overrides: string[] }[] {
  const few = ['train.epochs=2', 'data.split={train: 150, val: 50, test: 50, by: stratify}'];
  const idx = ['images', 'labels', 'test_images', 'test_labels'].map((key) => `data.source.${key}=${path.join(idxFolder, key)}`);
  const fewOfIdx = [...idx, 'train.epochs=2', 'data.split={train: 150, val: 50, test: auto, by: stratify}'];
  return [
    { file: 'mnist.yaml', overrides: few },
    { file: 'mnist-best.yaml', overrides: few },
    { file: 'mnist-cnn.yaml', overrides: few },
    { file: 'mnist-idx.yaml', overrides: fewOfIdx },
    { file: 'mnist-best-idx.yaml', overrides: fewOfIdx },
    { file: 'mnist-cnn-idx.yaml', overrides: fewOfIdx },
    { file: 'seed.yaml', overrides: ['train.steps=2'] },
    ...['iris.yaml', 'penguins.yaml', 'diabetes.yaml', 'digits-folder.yaml', 'signs-rgb.yaml'].map((file) => ({
      file,
      overrides: ['train.epochs=2'],
    })),
  ];
}

/** Images of digits' size, most of whose pixels are zero, in the files that an experiment of IDX files names. */
export function withIdxFiles<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gradloom-idx-'));
  const dice = new Dice(1);
  for (const [name, count] of [
    ['images', IMAGES.train],
    ['test_images', IMAGES.test],
  ] as const) {
    const pixels = Uint8Array.from({ length: count * SIDE * SIDE }, () => (dice.next() < 0.8 ? 0 : dice.int(1, 255)));
    writeFileSync(path.join(folder, name), idxBytes([count, SIDE, SIDE], pixels));
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
    writeFileSync(path.join(folder, name.replace('images', 'labels')), idxBytes([count], labels));
  }
  return use(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

/** What an experiment determines, and what computed it. */
async function run(file: string, overrides: readonly string[], code: string, workers: number): Promise<{ told: string; code: string }> {
  const loaded = loadExperiment(path.join(CONFIGS, file), {
    overrides: [...overrides, `parallel.code=${code}`, `parallel.workers=${workers}`],
  });
  const training = train(loaded, { dry: true, engine: { threads } });
  const told: unknown[] = [];
  for await (const event of training) {
    if (event.type === 'metrics') told.push(event.line);
    if (event.type === 'warning' && event.code === 'W_NATIVE_CODE') told.push(event.message);
  }
  const { digest, last, code: used = '' } = await training.result;
  return { told: JSON.stringify([digest, last, told]), code: used };
}

/** How machine code differs from WebAssembly in what is shipped, with these worker counts; a line for each. */
export async function compareShipped(workers: (index: number) => readonly number[]): Promise<string[]> {
  return withIdxFiles(async (folder) => {
    const wrong: string[] = [];
    for (const [index, { file, overrides }] of shippedExperiments(folder).entries()) {
      const expected = await run(file, overrides, 'wasm', 1);
      for (const count of workers(index)) {
        const got = await run(file, overrides, 'native', count);
        if (!got.code.startsWith('native-')) wrong.push(`${file}, ${count} workers: computed by ${got.code}`);
        if (got.told !== expected.told)
          wrong.push(`${file}, ${count} workers: ${got.told.slice(0, 300)}, expected ${expected.told.slice(0, 300)}`);
      }
    }
    return wrong;
  });
}
