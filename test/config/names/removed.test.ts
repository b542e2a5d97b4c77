import test from 'ava';
import { experimentFromTree, parseExperimentTree } from '../../../src/config/load.ts';
import { errorOf, parse, VALID } from '../support/experiments.ts';

const removed = (engine: string, given = engine): string =>
  `numerics.engine: ${engine} was removed after gradloom 0.1; got ${given}; expected wasm`;

for (const engine of ['wasm-fma', 'blas']) {
  const text = `${VALID}numerics: {engine: ${engine}}\n`;

  test(`numerics.engine ${engine} is refused with the last version that has it and the way on`, (t) => {
    const error = errorOf(() => parse(text));
    t.like(error, { code: 'E_CONFIG_VALUE', exitCode: 78, where: 'a.yaml:3:20', message: removed(engine) });
    t.is(
      error.next,
      `numerics.engine: wasm for a new run, whose last bits differ; gradloom 0.1 resumes and verifies what was begun with ${engine}`,
    );
    t.is(error.problems.length, 1);
  });

  test(`an experiment with numerics.engine ${engine} may be read as a record of what was trained`, (t) => {
    const record = parseExperimentTree(text, { file: 'a.yaml', isRecord: true });
    t.is(experimentFromTree(record).experiment.numerics.engine, 'wasm');
    t.is(errorOf(() => experimentFromTree(parseExperimentTree(text, { file: 'a.yaml' }))).message, removed(engine));
  });
}

for (const [given, engine] of [
  ['BLAS', 'blas'],
  ['wasm_fma', 'wasm-fma'],
  ['wasm,blas', 'blas'],
] as const) {
  test(`numerics.engine=${given} is answered like ${engine}`, (t) => {
    t.is(errorOf(() => parse(VALID, [`numerics.engine=${given}`])).message, removed(engine, given));
  });
}

for (const [key, value, expected] of [
  ['numerics.engine', 'cuda', 'wasm'],
  ['parallel.code', 'blas', 'one of auto, native, wasm'],
] as const) {
  test(`${key}=${value} never was, and is unknown`, (t) => {
    t.is(errorOf(() => parse(VALID, [`${key}=${value}`])).message, `${key}: unknown value; got ${value}; expected ${expected}`);
  });
}
