import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { gradloom, start, workplace } from '../support/run-cli.ts';

/** A first step that makes the weights huge. */
const WILD = `name: wild
data: {source: {type: csv, path: rows.csv, target: y}}
model: {layers: [{type: dense, units: 4, activation: relu}, {type: dense, units: 2}]}
optimizer: {type: sgd, lr: 1.0e+30}
train: {epochs: 5, batch_size: 8}
`;
const ROWS = `a,b,y\n${Array.from({ length: 40 }, (_, i) => `${i % 7},${i % 5},${i % 2 === 0 ? 'no' : 'yes'}`).join('\n')}\n`;
const NEW = 'a,b\n1,2\n3,4\n';

test('a network whose outputs are not finite names no class: predict and serve say the row, and write no file', async (t) => {
  const cwd = workplace(t, { 'wild.yaml': WILD, 'rows.csv': ROWS, 'new.csv': NEW });
  t.is((await gradloom(['train', 'wild.yaml', '--quiet'], { cwd })).code, 80);
  const { code, stdout, stderr } = await gradloom(['predict', '@last', '--input', 'new.csv', '-o', 'out.csv'], { cwd });
  t.is(code, 65, stderr);
  t.is(stdout, '');
  t.regex(
    stderr,
    /^row 1 {2}error\[E_ROW\] {2}the network's output is (?:NaN|-?Infinity); expected a finite number\nnext: look whether the run has diverged/,
  );
  t.false(existsSync(path.join(cwd, 'out.csv')));

  const serving = start(['serve', '@last', '--port', '0', '--json'], { cwd });
  t.teardown(() => serving.child.kill());
  const url = await new Promise<string>((resolve) => {
    serving.child.stdout?.once('data', (text: string) => resolve((JSON.parse(text) as { url: string }).url));
  });
  const answer = await fetch(`${url}/predict`, { method: 'POST', body: '{"rows": [[1, 2]]}' });
  t.is(answer.status, 400);
  t.deepEqual(await answer.json(), { error: { code: 'E_ROW', message: "row 0: the network's output is not finite" } });
  serving.child.kill('SIGTERM');
  t.is((await serving.finished).code, 0);
});

test('a run that diverged is exported to no format and leaves no file; evaluate warns in one line which tensor is to blame', async (t) => {
  const cwd = workplace(t, { 'wild.yaml': WILD, 'rows.csv': ROWS });
  t.is((await gradloom(['train', 'wild.yaml', '--quiet'], { cwd })).code, 80);
  for (const [to, output] of [
    ['onnx', 'm.onnx'],
    ['js', 'm.js'],
    ['safetensors', 'm.safetensors'],
    ['torch', 'm.py'],
    ['keras-json', 'm.json'],
  ] as const) {
    const before = readdirSync(cwd);
    const { code, stdout, stderr } = await gradloom(['export', '@last', '--to', to, '--output', output], { cwd });
    t.is(code, 65, stderr);
    t.is(stdout, '');
    t.regex(
      stderr,
      /^wild-\S+ {2}error\[E_DATA_NONFINITE\] {2}the run has diverged: layers\.[01]\.(?:weight|bias) has -?\d\S*, and layer [01] gives numbers that f32 cannot hold \(row \d+ of 100\); nothing was written\nnext: take --checkpoint best or an earlier step, or another run\n$/,
    );
    t.deepEqual(readdirSync(cwd), before);
  }
  const evaluated = await gradloom(['evaluate', '@last', '--split', 'train'], { cwd });
  t.is(evaluated.code, 0, evaluated.stderr);
  t.regex(evaluated.stdout, /loss +(?:NaN|Infinity)/);
  t.regex(
    evaluated.stderr,
    /^warning\[W_NONFINITE\] {2}the loss is (?:NaN|Infinity), so the metrics mean nothing: the run has diverged \(layers\.[01]\.(?:weight|bias) has \S+\), or rows .*\n$/,
  );
});

test('what a run without weights, another kind of file, a folder and a wrong address need is said', async (t) => {
  const finite = WILD.replace('1.0e+30', '0.01');
  const cwd = workplace(t, { 'wild.yaml': finite, 'rows.csv': ROWS, 'new.csv': NEW });
  t.is((await gradloom(['train', 'wild.yaml', '--quiet'], { cwd })).code, 0);
  const cases: [args: string[], code: number, says: RegExp][] = [
    [
      ['serve', '@last', '--port', '0', '--host', '192.0.2.1', '--token', 'x'],
      69,
      /E_LIMIT.*192\.0\.2\.1:0.*\nnext: give --host an address of this machine/,
    ],
    [['report', '@last', '--output', 'runs'], 74, /E_STORAGE.*EISDIR.*\n.*next: name a file: this is a directory/],
    [['export', 'rows.csv', '--to', 'js', '--output', 'm.js'], 65, /E_SAFETENSORS.*\nnext: name a safetensors file that is whole/],
  ];
  for (const [args, code, says] of cases) {
    const done = await gradloom(args, { cwd });
    t.is(done.code, code, `${args.join(' ')}: ${done.stderr}`);
    t.regex(done.stderr, says);
    t.is(done.stdout, '');
  }
  // As a run that was killed before its first checkpoint.
  const [run = ''] = readdirSync(path.join(cwd, 'runs')).filter((name) => name.startsWith('wild-'));
  for (const name of ['model.safetensors', 'summary.json', 'checkpoints']) rmSync(path.join(cwd, 'runs', run, name), { recursive: true });
  const unfinished = await gradloom(['predict', run, '--input', 'new.csv'], { cwd });
  t.is(unfinished.code, 65);
  t.regex(unfinished.stderr, /E_CHECKPOINT.*it has no model\.safetensors.*\nnext: \S.* resume \S*wild-/);
});
