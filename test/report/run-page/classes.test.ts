import test from 'ava';
import { nextBelow } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { classesPart } from '../../../src/report/run-page/classes.ts';
import { classScores } from '../../../src/use/evaluate/scores.ts';

const seed = Date.now() % 2 ** 32;

test('the page has the scores that evaluate has, to the bit, and means over the classes that occur', (t) => {
  t.log(`seed ${seed}`);
  const stream = new RandomStream(seed, 'noise', 4);
  for (let round = 0; round < 50; round++) {
    const count = 2 + nextBelow(stream, 5);
    // The last class never occurs.
    const matrix = Array.from({ length: count + 1 }, (_, i) =>
      Array.from({ length: count + 1 }, (_column, j) => (i === count || j === count ? 0 : 1 + nextBelow(stream, 30))),
    );
    const html = classesPart(matrix, [], 'test');
    const shown = [...html.matchAll(/<td data-v="([^"]*)">/g)].map(([, value]) => Number(value));
    const scores = classScores(matrix, []).map(({ precision, recall, f1, support }) => [precision, recall, f1, support]);
    const mean = [0, 1, 2].map((k) => scores.slice(0, count).reduce((sum, score) => sum + (score[k] ?? 0), 0) / count);
    const rows = scores.reduce((sum, score) => sum + (score[3] ?? 0), 0);
    t.deepEqual(shown, [...scores.flat(), ...mean, rows]);
  }
});
