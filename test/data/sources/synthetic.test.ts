import test from 'ava';
import { makeSynthetic as makeSamples } from '../../../src/data/sources/synthetic.ts';
import { GradloomError } from '../../../src/errors.ts';

type Config = Parameters<typeof makeSamples>[0];

/** With its features, which are the same whatever is trained on. */
function makeSynthetic(of: Config, seed: number) {
  const { featuresFor, ...samples } = makeSamples(of, seed);
  return { ...samples, ...featuresFor(new Uint32Array()) };
}

const config = (change: Partial<Config>): Config => ({
  type: 'synthetic',
  kind: 'blobs',
  samples: 300,
  features: 2,
  classes: 3,
  noise: 0.1,
  ...change,
});

for (const kind of ['blobs', 'spirals', 'linear'] as const) {
  test(`${kind}: a function of the seed, finite, in shared memory; each sample independent of how many there are`, (t) => {
    const made = makeSynthetic(config({ kind }), 7);
    const targets = made.target.kind === 'class' ? made.target.labels : made.target.values;
    t.deepEqual(makeSynthetic(config({ kind }), 7), made);
    t.notDeepEqual(makeSynthetic(config({ kind }), 8).features, made.features);
    t.deepEqual([...makeSynthetic(config({ kind, samples: 100 }), 7).features], [...made.features.subarray(0, 200)]);
    t.true([...made.features, ...targets].every(Number.isFinite));
    t.true(made.features.buffer instanceof SharedArrayBuffer && targets.buffer instanceof SharedArrayBuffer);
    t.is(made.target.kind, kind === 'linear' ? 'value' : 'class');
  });
}

test('classes take turns, so every run of samples is balanced', (t) => {
  const { target } = makeSynthetic(config({ samples: 7 }), 0);
  t.deepEqual(target.kind === 'class' && [...target.labels], [0, 1, 2, 0, 1, 2, 0]);
});

for (const features of [1, 2, 5]) {
  test(`blobs of ${features} features: the nearest centre of a class is its own`, (t) => {
    const { features: x } = makeSynthetic(config({ features, samples: 3000 }), 1);
    const centres = [0, 1, 2].map((c) =>
      Array.from({ length: features }, (_, j) => {
        let sum = 0;
        for (let i = c; i < 3000; i += 3) sum += x[i * features + j] as number;
        return sum / 1000;
      }),
    );
    let wrong = 0;
    for (let i = 0; i < 3000; i++) {
      const distances = centres.map((centre) => centre.reduce((sum, value, j) => sum + (value - (x[i * features + j] as number)) ** 2, 0));
      if (distances.indexOf(Math.min(...distances)) !== i % 3) wrong++;
    }
    t.is(wrong, 0);
  });
}

test('spirals without noise lie on their arms', (t) => {
  const { features: x } = makeSynthetic(config({ kind: 'spirals', noise: 0 }), 2);
  for (let i = 0; i < 300; i++) {
    const [a, b] = [x[2 * i] as number, x[2 * i + 1] as number];
    const radius = Math.hypot(a, b);
    const angle = (2 * Math.PI * (i % 3)) / 3 + 4 * radius;
    t.true(Math.hypot(a - radius * Math.cos(angle), b - radius * Math.sin(angle)) < 1e-5);
  }
});

test('linear without noise and with one feature is a line through the origin', (t) => {
  const { features: x, target } = makeSynthetic(config({ kind: 'linear', features: 1, classes: 2, noise: 0, samples: 50 }), 3);
  if (target.kind !== 'value') return t.fail();
  for (let i = 0; i < 50; i++) {
    for (let c = 0; c < 2; c++) {
      const expected = ((target.values[c] as number) / (x[0] as number)) * (x[i] as number);
      t.true(Math.abs((target.values[2 * i + c] as number) - expected) <= 1e-6 * Math.abs(expected) + 1e-7);
    }
  }
});

test('a huge noise on the angle stays finite and on the radius', (t) => {
  const { features: x } = makeSynthetic(config({ kind: 'spirals', noise: 1e6 }), 4);
  t.true(x.every((value) => Math.abs(value) <= 1));
});

test('spirals refuse another number of features', (t) => {
  const error = t.throws(() => makeSynthetic(config({ kind: 'spirals', features: 3 }), 0), { instanceOf: GradloomError });
  t.like(error, { code: 'E_CONFIG_VALUE', message: 'spirals have 2 features; got 3' });
});

test('a size beyond the limit is refused before anything is reserved', (t) => {
  const error = t.throws(() => makeSynthetic(config({ samples: 10_000_000, features: 100_000 }), 0), { instanceOf: GradloomError });
  t.like(error, { code: 'E_DATA_TOO_LARGE', message: 'needs 4000000000000 bytes in one array; the limit is 4294967296' });
});
