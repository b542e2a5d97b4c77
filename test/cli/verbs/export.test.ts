import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { gradloom, workplace } from '../support/run-cli.ts';

test('a run is exported to every format, and each is compared with the network before it stands under its name', async (t) => {
  const cwd = workplace(t);
  t.is((await gradloom(['train', 'small.yaml', '-q'], { cwd })).code, 0);
  const targets = [
    ['onnx', 'm.onnx'],
    ['js', 'm.mjs'],
    ['safetensors', 'm.safetensors'],
    ['keras-json', 'm.json'],
  ] as const;
  for (const [to, output] of targets) {
    const { code, stdout, stderr } = await gradloom(['export', '@last', '--to', to, '--output', output, '--json'], { cwd });
    t.is(code, 0, stderr);
    const report = JSON.parse(stdout) as { files: { path: string; bytes: number }[]; rows: number };
    t.true(report.files.every((file) => existsSync(path.join(cwd, file.path)) && file.bytes > 0));
    t.is(report.rows, to === 'safetensors' ? 0 : 100);
  }
  const again = await gradloom(['export', 'm.onnx', '--to', 'safetensors', '--output', 'back.safetensors'], { cwd });
  t.is(again.code, 0, again.stderr);
  t.is((await gradloom(['export', 'back.safetensors', '--to', 'js', '--output', 'back.js'], { cwd })).code, 0);
  const fine = ['train', 'small.yaml', '-q', 'model.init={type: file, path: m.onnx}'];
  const tuned = await gradloom(fine, { cwd });
  t.is(tuned.code, 0, tuned.stderr);
  t.deepEqual(
    readdirSync(cwd).filter((name) => name.startsWith('.tmp')),
    [],
  );
});

const refused: [args: string[], code: number, text: string][] = [
  [['x', '--to', 'onnx'], 64, '--output is missing'],
  [['x', '--output', 'm.onnx'], 64, '--to is missing; expected one of onnx, js, safetensors, torch, keras-json'],
  [['x', '--to', 'onxx', '--output', 'm.onnx'], 64, '--to: expected onnx, js, safetensors, torch, keras-json; got onxx'],
  [['x', '--to', 'onnx', '--output', 'm.onnx', '--dtype', 'f16'], 64, '--dtype is for --to js; onnx keeps f32'],
  [['x', '--to', 'torch', '--output', 'm.py', '--batch-norm', 'fold'], 64, '--batch-norm fold is for --to onnx and js'],
  [['x', '--to', 'safetensors', '--output', 'm.safetensors', '--raw'], 64, '--raw is for formats that compute'],
  [['x', '--to', 'onnx', '--output', 'm.onnx', '--checkpoint', 'first'], 64, '--checkpoint: expected last, best or a step; got first'],
  [['x', '--to', 'onnx', '--output', 'm.onnx'], 64, 'E_RUN_NOT_FOUND'],
  [['none.onnx', '--to', 'js', '--output', 'm.js'], 65, 'E_DATA_READ'],
  [['small.yaml', '--to', 'js', '--output', 'm.js'], 65, 'E_SAFETENSORS'],
  [['odd.onnx', '--to', 'js', '--output', 'm.js'], 65, 'odd.onnx:0  error[E_ONNX]'],
];

test('what cannot be exported is refused with its reason and leaves no file', async (t) => {
  const cwd = workplace(t, { 'small.yaml': 'name: not a model\n', 'odd.onnx': 'no protobuf' });
  for (const [args, code, text] of refused) {
    const result = await gradloom(['export', ...args], { cwd });
    t.is(result.code, code, result.stderr);
    t.true(result.stderr.includes(text), result.stderr);
  }
  t.deepEqual(readdirSync(cwd).toSorted(), ['odd.onnx', 'small.yaml']);
});
