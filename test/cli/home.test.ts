import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { gradloom, SMALL, workplace } from './support/run-cli.ts';

test.serial('runs go to the home directory where track.dir begins with ~, and resume finds their data there', async (t) => {
  const cwd = workplace(t, { 'home.yaml': `${SMALL}track: {dir: ~/gradloom-runs}\n` });
  const env = { HOME: path.join(cwd, 'me') };
  mkdirSync(env.HOME);
  const { code, stderr } = await gradloom(['train', 'home.yaml', 'train.epochs=1'], { cwd, env });
  t.is(code, 0, stderr);
  t.deepEqual(readdirSync(cwd).toSorted(), ['home.yaml', 'me']);
  const [id = ''] = readdirSync(path.join(env.HOME, 'gradloom-runs')).filter((name) => name.startsWith('small'));
  const again = await gradloom(['train', path.join(env.HOME, 'gradloom-runs', id, 'config.yaml'), 'train.epochs=1'], { cwd, env });
  t.is(again.code, 0, again.stderr);
});

test.serial('a variable in track.dir is refused, and one that the shell left to --dir is a name', async (t) => {
  const cwd = workplace(t);
  const refused = await gradloom(['train', 'small.yaml', 'track.dir=$HOME/runs'], { cwd });
  t.is(refused.code, 78);
  t.true(
    refused.stderr.includes('error[E_CONFIG_VALUE]  track.dir: variables are not replaced in paths; got $HOME/runs; expected'),
    refused.stderr,
  );
  const named = await gradloom(['train', 'small.yaml', 'train.epochs=1', '--dir', '$x'], { cwd });
  t.is(named.code, 0, named.stderr);
  t.deepEqual(readdirSync(cwd).toSorted(), ['$x', 'small.yaml']);
});
