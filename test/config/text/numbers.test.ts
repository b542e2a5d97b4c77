import test from 'ava';
import { experimentFromObject, parseExperiment } from '../../../src/config/load.ts';
import { resolvedYaml, yamlOf } from '../../../src/config/resolved.ts';
import { readBlockYaml } from '../../../src/config/text/block-yaml.ts';
import { nodeAt } from '../../../src/config/text/node.ts';
import { parseTree } from '../../../src/config/text/parse.ts';
import { Problems } from '../../../src/config/text/problems.ts';
import { makeSource } from '../../../src/config/text/source.ts';
import { renderAnnotated } from '../../../src/report/text/annotated.ts';
import { unpainted } from '../../../src/report/text/paint.ts';
import { parse, problemsOf, VALID } from '../support/experiments.ts';
import { doubles, textsOf } from '../support/fuzz.ts';

const SEED = 20261128;

/** A number as our parser reads a text; undefined if it refuses it. */
function read(text: string): unknown {
  const problems = new Problems();
  const node = nodeAt(parseTree(makeSource('file', 'a.yaml', text, '.', 0), problems) as never, ['x']);
  return problems.any || node?.kind !== 'scalar' ? undefined : node.value;
}

test(`every double that is written is read as itself, in each form that JavaScript gives it (seed ${SEED})`, (t) => {
  const wrong: string[] = [];
  const all = doubles(SEED, 5000);
  for (const value of all) {
    const expected = value === 0 ? 0 : value;
    const texts = [yamlOf({ x: value }), ...textsOf(value).map((text) => `x: ${text}`)];
    for (const text of texts) if (!Object.is(read(text), expected)) wrong.push(`${text.trim()} is read as ${String(read(text))}`);
    const fast = readBlockYaml(texts[0] as string) as { x: number };
    if (fast.x !== value) wrong.push(`${texts[0]} is read fast as ${fast.x}`);
  }
  t.deepEqual(wrong, []);
  t.true(all.length > 20_000);
});

test('a whole number past 2^53 is written with its exponent, so that its digits promise no more than they hold', (t) => {
  t.is(
    yamlOf({ a: [1e16, -(2 ** 53), 2 ** 53 - 1, 1e21, 0.5] }),
    'a:\n  - 1e+16\n  - -9.007199254740992e+15\n  - 9007199254740991\n  - 1e+21\n  - 0.5\n',
  );
});

test('a threshold past 2^53 is the same in a file, an argument, an object, the resolved file and the table of origins', (t) => {
  for (const text of ['1e16', '10000000000000000', '1.0e+16']) {
    const loaded = parse(VALID, [`train.max_loss_ratio=${text}`]);
    t.is(loaded.experiment.train.max_loss_ratio, 1e16, text);
    const again = parseExperiment(resolvedYaml(loaded), { file: 'a.yaml' });
    t.deepEqual(again.experiment, loaded.experiment);
    t.is(parseExperiment(renderAnnotated(loaded, unpainted), { file: 'a.yaml' }).experiment.train.max_loss_ratio, 1e16);
    t.deepEqual(experimentFromObject(loaded.experiment).experiment, loaded.experiment);
  }
});

test('digits that no double holds are refused, with the nearest that one does', (t) => {
  t.deepEqual(
    problemsOf(() => parse(`${VALID}train: {max_loss_ratio: 9007199254740993}`)),
    [
      'a.yaml:3:25 [E_CONFIG_INTEGER] train.max_loss_ratio: too large to be held exactly; got 9007199254740993, the nearest is 9007199254740992; expected a number of 0 or more',
    ],
  );
});

test('-0 is 0 wherever it is given, as no file of a run can tell them apart', (t) => {
  const layer = (low: number) => ({
    data: { source: 'mnist' },
    model: { init: { type: 'uniform', low, high: 1 }, layers: [{ type: 'dense', units: 1 }] },
  });
  t.is(resolvedYaml(experimentFromObject(layer(-0))), resolvedYaml(experimentFromObject(layer(0))));
  const { model } = parse(VALID, ['model.init={type: uniform, low: -0.0, high: 1}']).experiment;
  t.true(model.init.type === 'uniform' && Object.is(model.init.low, 0));
});

test('the largest seed survives being written and read', (t) => {
  const loaded = parse(`${VALID}seed: ${Number.MAX_SAFE_INTEGER}`);
  t.is(parseExperiment(resolvedYaml(loaded), { file: 'a.yaml' }).experiment.seed, Number.MAX_SAFE_INTEGER);
});
