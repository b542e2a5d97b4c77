import test from 'ava';
import { mean } from '../../../src/sweep/space/values.ts';
import { compareWithSklearn, hasSklearn, TASKS } from '../support/sklearn.ts';

const SEEDS = [1, 2, 3, 4, 5];
const EPOCHS = 15;
/** Scores that a network which learns nothing does not come to. */
const LEARNT: Readonly<Record<string, number>> = { iris: 0.8, diabetes: 0.2 };
const tasks = TASKS.filter(({ table }) => Object.hasOwn(LEARNT, table)).map((task) => ({ ...task, epochs: EPOCHS }));

const withSklearn = hasSklearn || process.env['CI'] !== undefined ? test : test.skip;

test.before((t) => {
  if (!hasSklearn) t.log('python3-sklearn is not installed');
});

withSklearn(`on iris and diabetes a network comes to scikit-learn's test scores within noise (seeds ${SEEDS.join(', ')})`, async (t) => {
  const comparisons = await compareWithSklearn(tasks, SEEDS);
  t.is(comparisons.length, 2);
  for (const { table, sklearn, gradloom, isAlike } of comparisons) {
    const scores = `${table}: scikit-learn ${sklearn.join(' ')}, gradloom ${gradloom.join(' ')}`;
    t.true(isAlike, scores);
    t.true(mean(sklearn) > LEARNT[table]! && mean(gradloom) > LEARNT[table]!, scores);
  }
});

withSklearn('a network that learns ten times more slowly is told from that of scikit-learn', async (t) => {
  const [iris] = await compareWithSklearn(tasks.slice(0, 1), SEEDS, ['optimizer.lr=0.001']);
  t.true(iris!.difference < 0 && !iris!.isAlike, `${iris!.difference}`);
});
