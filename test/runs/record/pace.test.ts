import test from 'ava';
import { Pace } from '../../../src/runs/record/pace.ts';

test('the rate of a run is of the time of its training alone', (t) => {
  const pace = new Pace({ seconds: 0, samples: 0 });
  t.is(pace.rates.whole, 0);
  pace.spend('start', 3);
  pace.add(100);
  pace.spend('training', 0.5);
  pace.spend('evaluation', 20);
  pace.spend('checkpoint', 1);
  pace.add(100);
  pace.spend('training', 0.5);
  t.is(pace.rates.whole, 200);
  t.deepEqual(pace.spent, { start: 3, training: 1, evaluation: 20, checkpoint: 1 });
});

test('a run of a version that did not tell its time apart goes on with all of it as training', (t) => {
  const pace = new Pace({ seconds: 0, samples: 0 });
  pace.restore(10, { seconds: 5, samples: 1000 });
  t.is(pace.rates.whole, 200);
  pace.spend('evaluation', 2);
  pace.add(1000);
  pace.spend('training', 5);
  t.is(pace.rates.whole, 200);
  t.deepEqual(pace.spent, { start: 0, training: 10, evaluation: 2, checkpoint: 0 });
});

test('steps that are done again after a fault count once, with their time', (t) => {
  const pace = new Pace({ seconds: 0, samples: 0 });
  const kept = { seconds: 1, samples: 100, spent: { start: 0.25, training: 0.5, evaluation: 0.25, checkpoint: 0 } };
  pace.add(300);
  pace.spend('training', 9);
  pace.restore(1, kept);
  pace.add(100);
  pace.spend('training', 0.5);
  t.is(pace.rates.whole, 200);
});
