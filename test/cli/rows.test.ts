import test from 'ava';
import { gradloom, workplace } from './support/run-cli.ts';

const ARGUMENTS = ['small.yaml', 'data.split={train: 100, val: 50, test: 50}', 'train.batch_size=4096', 'train.epochs=1'];
const UNUSED =
  '800 of the 1000 samples are in no part of data.split: train 100, val 50, test 50; train: rest is all that val and test leave';
const CLAMPED = 'train.batch_size 4096 is more than the 100 training rows: each batch is all of them';

test.serial('check tells of rows that are in no part and of a batch larger than the training set', async (t) => {
  const { code, stderr } = await gradloom(['check', ...ARGUMENTS], { cwd: workplace(t) });
  t.is(code, 0, stderr);
  t.true(stderr.includes(`notice  ${UNUSED}\nnotice  ${CLAMPED}\n`), stderr);
  const json = await gradloom(['check', ...ARGUMENTS, '--json'], { cwd: workplace(t) });
  t.deepEqual((JSON.parse(json.stdout) as { notices: string[] }).notices, [UNUSED, CLAMPED]);
});

test.serial('train warns of them, and trains', async (t) => {
  const { code, stderr } = await gradloom(['train', ...ARGUMENTS], { cwd: workplace(t) });
  t.is(code, 0, stderr);
  t.true(stderr.includes(`warning[W_UNUSED_ROWS]  ${UNUSED}\n`) && stderr.includes(`warning[W_BATCH_SIZE]  ${CLAMPED}\n`), stderr);
});
