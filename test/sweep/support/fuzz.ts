import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GradloomError } from '../../../src/errors.ts';
import { nextBelow } from '../../../src/random/distributions.ts';
import { RandomStream } from '../../../src/random/stream.ts';
import { trialExperiment } from '../../../src/sweep/file/experiment.ts';
import { loadSweep, sweepFiles } from '../../../src/sweep/file/load.ts';
import { makeSampler } from '../../../src/sweep/samplers/index.ts';
import { BASE } from './loaded-sweep.ts';

export interface FuzzReport {
  accepted: number;
  rejected: number;
  slowestMs: number;
  failures: string[];
}

const LIMIT_MS = 5000;

const TEXTS = [
  `version: 1
name: fuzz
base: ./base.yaml
method: tpe
metric: {name: val.accuracy, goal: maximize, target: 0.98, summary: mean_last_3}
seed: 7
run_cap: 60
budget: {duration: 1h30m}
seeds: 2
parameters:
  optimizer.type: {values: [adam, adamw, sgd], probabilities: [0.4, 0.4, 0.2]}
  optimizer.lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-1}
  optimizer.momentum: {min: 0.5, max: 0.99, when: {optimizer.type: sgd}}
  model.layers.0.units: {distribution: q_log_uniform_values, min: 8, max: 64, q: 8}
  model.layers.0.dropout: {distribution: q_beta, a: 2, b: 5, q: 0.7}
zip:
  shape: {train.batch_size: [16, 32], optimizer.weight_decay: [0, 0.01]}
constraints: ["model.layers.1.units <= model.layers.0.units and optimizer.lr * 2 < 1"]
enqueue: [{optimizer.lr: 1e-3, train.batch_size: 16}]
early_terminate: {type: asha, min: 1, max: 9, eta: 3}
execution: {cores: max, trials: auto, order: logical}
on_trial_error: {retries: 1, then: continue, abort_after: 5, impute: worst}
`,
  `program: train.py
base: base.yaml
method: bayes
metric: {name: val_loss, goal: minimize}
early_terminate: {type: hyperband, min_iter: 1, eta: 2}
parameters:
  optimizer:
    parameters:
      lr: {distribution: log_uniform, min: -9.2, max: -2.3}
      weight_decay: {distribution: q_normal, mu: 1, sigma: 0.1, q: 0.5}
  train.batch_size: {values: [8, 16]}
  seed: {min: 1, max: 5}
`,
  'base: ./base.yaml\nmethod: grid\nparameters:\n  train.batch_size: &a {values: [1, 2]}\n  optimizer.lr: *a\n',
];

const TOKENS = [
  ':',
  ': ',
  '- ',
  '[',
  ']',
  '{',
  '}',
  ',',
  '&a ',
  '*a',
  '!x ',
  '|',
  '"',
  "'",
  '#',
  '\n',
  '\t',
  ' ',
  '  ',
  '~',
  'null',
  'true',
  '012',
  '1e400',
  '1e308',
  '-1',
  '0',
  '0.5',
  '1e-320',
  '99999999999999999999',
  '__proto__',
  'toString',
  'when: ',
  'values: ',
  'min: ',
  'max: ',
  'q: ',
  'sigma: ',
  'distribution: ',
  'log_uniform',
  'q_beta',
  'normal',
  'inv_log_uniform_values',
  'constant',
  'optimizer.type',
  'optimizer.lr',
  'parameters: ',
  'zip: ',
  'and',
  '(',
  ')',
  '<',
  '==',
  '/',
  '.',
  '\u0000',
  '\u202e',
  '💥',
  'base.yaml',
  'grid',
  'cmaes',
  'sobol',
  'median',
  'steps',
];

const NUMBERS = ['0', '1', '2', '3', '7', '16', '0.5', '0.01', '1e-3', '-1', '1e9'];

const ARGUMENTS = [
  'run_cap=3',
  'method=grid',
  'optimizer.lr=1,2',
  'optimizer.lr=loguniform(1,2)',
  'parameters.optimizer.lr.max=5',
  '~parameters.optimizer.lr',
  'optimizer.lr=',
  'optimizer.lr=uniform(',
  'train.epochs=range(1,9)',
  'parameters.x=1',
  'zip.shape.seed=[1,2]',
  'enqueue.0.optimizer.lr=2',
  '+tags=[a]',
  'early_terminate=none',
  '=',
  ',',
  'a=,',
];

/** A text or list of arguments with some changes. */
function mutated(text: string, below: (n: number) => number): string {
  let result = text;
  const gentle = below(2) === 0;
  for (let i = below(3); i >= 0; i--) {
    const at = below(result.length + 1);
    const end = Math.min(result.length, at + below(12));
    const token = TOKENS[below(TOKENS.length)] ?? '';
    switch (gentle ? 4 : below(5)) {
      case 0:
        result = result.slice(0, at) + result.slice(end);
        break;
      case 1:
        result = result.slice(0, at) + token + result.slice(at);
        break;
      case 2:
        result = result.slice(0, at) + token + result.slice(end);
        break;
      case 3: {
        const lines = result.split('\n');
        const [line = ''] = lines.splice(below(lines.length), 1);
        lines.splice(below(lines.length), 0, line);
        result = lines.join('\n');
        break;
      }
      default: {
        // A number becomes another one.
        const numbers = [...result.matchAll(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g)];
        const one = numbers[below(Math.max(1, numbers.length))];
        if (one !== undefined)
          result = result.slice(0, one.index) + (gentle ? NUMBERS[below(NUMBERS.length)] : token) + result.slice(one.index + one[0].length);
      }
    }
  }
  return result;
}

/** What a case does wrong; undefined when it is accepted or refused as it should. */
function faultOf(directory: string, overrides: readonly string[]): { fault: string | undefined; accepted: boolean } {
  try {
    const loaded = loadSweep(path.join(directory, 'sweep.yaml'), { overrides });
    const sampler = makeSampler(loaded.settings.method, loaded.space, loaded.settings.seed);
    const suggestions = [0, 1, 2].map((number) => sampler.suggest(number, []));
    const files = sweepFiles(loaded);
    for (const [name, text] of Object.entries(files))
      writeFileSync(path.join(directory, `saved-${name}`), text.replace('./base.yaml', './saved-base.yaml'));
    const again = loadSweep(path.join(directory, 'saved-sweep.yaml'));
    const same = makeSampler(again.settings.method, again.space, again.settings.seed);
    for (const [number, suggestion] of suggestions.entries()) {
      const other = same.suggest(number, []);
      if (JSON.stringify(other) !== JSON.stringify(suggestion))
        return { fault: `saved, it suggests ${JSON.stringify(other)} for ${JSON.stringify(suggestion)}`, accepted: true };
      if (suggestion !== undefined) trialExperiment(loaded, suggestion);
    }
    return { fault: undefined, accepted: true };
  } catch (error) {
    if (!(error instanceof GradloomError))
      return { fault: `threw ${error instanceof Error ? error.stack : String(error)}`, accepted: false };
    const lost = error.problems.find(
      ({ where }) => where === undefined || !/^(?:[^:]+\.yaml(?::\d+:\d+)?|command line: .*|constraints|parameters)$/s.test(where),
    );
    if (lost !== undefined) return { fault: `no position: ${lost.code} ${lost.where} ${lost.message}`, accepted: false };
    return { fault: error.exitCode === 78 ? undefined : `${error.code}: ${error.message}`, accepted: false };
  }
}

/** Loads mutated sweep files, in a directory of their own; the same seed gives the same cases. */
export function fuzzSweeps(seed: number, count: number): FuzzReport {
  const stream = new RandomStream(seed, 'search', 2 ** 50);
  const below = (n: number): number => nextBelow(stream, Math.max(1, n));
  const report: FuzzReport = { accepted: 0, rejected: 0, slowestMs: 0, failures: [] };
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-fuzz-'));
  try {
    writeFileSync(path.join(directory, 'base.yaml'), BASE);
    for (let i = 0; i < count; i++) {
      const text = mutated(TEXTS[below(TEXTS.length)] ?? '', below);
      const overrides = Array.from({ length: below(6) === 0 ? 1 + below(2) : 0 }, () => ARGUMENTS[below(ARGUMENTS.length)] ?? '');
      writeFileSync(path.join(directory, 'sweep.yaml'), text);
      const start = performance.now();
      const { fault, accepted } = faultOf(directory, overrides);
      const took = performance.now() - start;
      report.slowestMs = Math.max(report.slowestMs, took);
      if (accepted) report.accepted++;
      else report.rejected++;
      const wrong = fault ?? (took > LIMIT_MS ? `took ${took.toFixed(0)} ms` : undefined);
      if (wrong !== undefined) report.failures.push(`case ${i} of seed ${seed}: ${wrong}\n${JSON.stringify({ text, overrides })}`);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return report;
}
