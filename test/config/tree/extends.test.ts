import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadExperiment } from '../../../src/config/load.ts';
import { errorOf, VALID, withFiles } from '../support/experiments.ts';

/** Problems with the directory's own name left out. */
function problemsIn(directory: string, file = 'a.yaml'): string[] {
  const { problems } = errorOf(() => loadExperiment(join(directory, file)));
  return problems.map(({ where, code, message }) => `${where} [${code}] ${message}`.replaceAll(`${directory}/`, ''));
}

test('extends merges maps, replaces lists, and lets the extending file win', (t) => {
  const files = {
    'a.yaml': 'extends: base/b.yaml\nseed: 2\ntags: [x]\ntrain: {eval: {on: test}}\n',
    'base/b.yaml': `${VALID}seed: 1\ntags: [p, q]\ntrain: {batch_size: 8, eval: {batch_size: 9}}\n`,
  };
  withFiles(files, (directory) => {
    const { experiment } = loadExperiment(join(directory, 'a.yaml'));
    t.is(experiment.seed, 2);
    t.deepEqual(experiment.tags, ['x']);
    t.is(experiment.train.batch_size, 8);
    t.like(experiment.train.eval, { on: 'test', batch_size: 9 });
  });
});

test('of several extended files the later win, and each may extend others', (t) => {
  const files = {
    'a.yaml': 'extends: [b.yaml, c.yaml]\n',
    'b.yaml': 'extends: d.yaml\nseed: 1\nname: b\n',
    'c.yaml': 'seed: 2\n',
    'd.yaml': `${VALID}name: d\n`,
  };
  withFiles(files, (directory) => {
    const { experiment } = loadExperiment(join(directory, 'a.yaml'));
    t.is(experiment.seed, 2);
    t.is(experiment.name, 'b');
  });
});

test("a value's origin is the file that says it", (t) => {
  withFiles({ 'a.yaml': 'extends: b.yaml\nseed: 2\n', 'b.yaml': `${VALID}optimizer: {lr: 0.5}\n` }, (directory) => {
    const { origins } = loadExperiment(join(directory, 'a.yaml'));
    t.deepEqual(origins.get('seed'), { kind: 'file', file: join(directory, 'a.yaml'), line: 2, column: 7 });
    t.deepEqual(origins.get('optimizer.lr'), { kind: 'file', file: join(directory, 'b.yaml'), line: 3, column: 17 });
    t.deepEqual(origins.get('train.epochs'), { kind: 'default' });
  });
});

test('paths count from the file that says them', (t) => {
  const files = {
    'a.yaml': 'extends: sub/b.yaml\nmodel: {init: {type: file, path: w.safetensors}, layers: [{type: dense, units: 3}]}\n',
    'sub/b.yaml': 'data: {source: {type: idx, images: i.gz, labels: ../l.gz}}\n',
  };
  withFiles(files, (directory) => {
    const { experiment } = loadExperiment(join(directory, 'a.yaml'));
    t.deepEqual(experiment.data.source, { type: 'idx', images: join(directory, 'sub', 'i.gz'), labels: join(directory, 'l.gz') });
    t.deepEqual(experiment.model.init, { type: 'file', path: join(directory, 'w.safetensors') });
  });
});

test('an extending file that changes a type keeps the keys that the new one has, and says so', (t) => {
  const files = {
    'a.yaml': 'extends: b.yaml\ndata: {source: {type: synthetic, kind: blobs}}\n',
    'b.yaml': 'data: {source: {type: mnist, order: by_seed}}\nmodel: {layers: [{type: dense, units: 3}]}\n',
  };
  withFiles(files, (directory) => {
    const { experiment, notices } = loadExperiment(join(directory, 'a.yaml'));
    t.like(experiment.data.source, { type: 'synthetic', kind: 'blobs' });
    t.false('order' in experiment.data.source);
    t.deepEqual(notices, ['data.source.type changes from mnist to synthetic, which drops order']);
  });
});

test('an error in an extended file is placed there', (t) => {
  withFiles({ 'a.yaml': 'extends: b.yaml\nsed: 1\n', 'b.yaml': `${VALID}optimizer: {lr: -1}\n` }, (directory) => {
    t.deepEqual(problemsIn(directory), [
      'a.yaml:2:1 [E_CONFIG_UNKNOWN_KEY] sed: unknown key; did you mean seed?',
      'b.yaml:3:17 [E_CONFIG_RANGE] optimizer.lr: out of range; got -1; expected a number above 0, at most 1e+30',
    ]);
  });
});

const OUTSIDE = 'leads outside the directory of the experiment file; expected a relative path inside it';

const refused: { title: string; files: Record<string, string>; problems: string[] }[] = [
  {
    title: 'C11 an absolute path',
    files: { 'a.yaml': 'extends: /etc/passwd\n' },
    problems: [`a.yaml:1:10 [E_EXTENDS_OUTSIDE] extends: /etc/passwd ${OUTSIDE}`],
  },
  {
    title: 'C11 a path that climbs out',
    files: { 'a.yaml': 'extends: [../../x]\n' },
    problems: [`a.yaml:1:11 [E_EXTENDS_OUTSIDE] extends: ../../x ${OUTSIDE}`],
  },
  {
    title: 'C11 a cycle',
    files: { 'a.yaml': 'extends: b.yaml\n', 'b.yaml': 'extends: ./a.yaml\n' },
    problems: ['b.yaml:1:10 [E_EXTENDS_CYCLE] extends: the files extend each other: a.yaml -> b.yaml -> a.yaml'],
  },
  {
    title: 'C11 a file that extends itself',
    files: { 'a.yaml': 'extends: a.yaml\n' },
    problems: ['a.yaml:1:10 [E_EXTENDS_CYCLE] extends: the files extend each other: a.yaml -> a.yaml'],
  },
  {
    title: 'C11 a chain of more than 8',
    files: {
      'a.yaml': 'extends: f1.yaml\n',
      ...Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i + 1}.yaml`, `extends: f${i + 2}.yaml\n`])),
    },
    problems: [
      `f8.yaml:1:10 [E_EXTENDS_CYCLE] extends: more than 8 files in a chain: a.yaml -> ${Array.from({ length: 9 }, (_, i) => `f${i + 1}.yaml`).join(' -> ')}`,
    ],
  },
  {
    title: 'a missing file',
    files: { 'a.yaml': 'extends: b.yaml\n' },
    problems: ['a.yaml:1:10 [E_CONFIG_READ] extends: cannot read b.yaml: no such file'],
  },
  {
    title: 'an empty file',
    files: { 'a.yaml': 'extends: b.yaml\n', 'b.yaml': '' },
    problems: ['b.yaml:1:1 [E_CONFIG_READ] the file is empty'],
  },
  {
    title: 'a number for a path',
    files: { 'a.yaml': 'extends: [1]\n' },
    problems: ['a.yaml:1:11 [E_CONFIG_TYPE] extends: wrong type; expected a relative path, or a list of them'],
  },
  {
    title: 'more than 16 files',
    files: { 'a.yaml': `extends: [${'b.yaml, '.repeat(17)}]\n` },
    problems: ['a.yaml:1:1 [E_CONFIG_RANGE] extends: out of range; got 17 files; expected at most 16'],
  },
  {
    title: 'a list in an extended file',
    files: { 'a.yaml': 'extends: b.yaml\n', 'b.yaml': '- 1\n' },
    problems: ['b.yaml:1:1 [E_CONFIG_TYPE] wrong type; expected a map of keys'],
  },
  {
    title: 'broken syntax in an extended file',
    files: { 'a.yaml': 'extends: b.yaml\n', 'b.yaml': 'seed: !x 1\n' },
    problems: ['b.yaml:1:7 [E_YAML_TAG] custom tags are not allowed'],
  },
];

for (const { title, files, problems } of refused) {
  test(`${title} is refused by extends`, (t) => {
    withFiles(files, (directory) => {
      t.deepEqual(problemsIn(directory), problems);
    });
  });
}

const posix = process.platform === 'win32' ? test.skip : test;
posix('C11 a link that leads out is refused and its content is not shown', (t) => {
  withFiles({ 'secret.txt': 'password: hunter2\n' }, (directory) => {
    const inner = join(directory, 'inner');
    mkdirSync(inner);
    writeFileSync(join(inner, 'a.yaml'), 'extends: link.yaml\n');
    symlinkSync(join(directory, 'secret.txt'), join(inner, 'link.yaml'));
    const error = errorOf(() => loadExperiment(join(inner, 'a.yaml')));
    t.deepEqual(
      error.problems.map(({ code, message }) => `[${code}] ${message}`),
      [`[E_EXTENDS_OUTSIDE] extends: link.yaml is a link that ${OUTSIDE}`],
    );
    t.false(JSON.stringify(error.problems).includes('hunter2'));
  });
});

posix('a link inside the directory is followed', (t) => {
  withFiles({ 'b.yaml': `${VALID}seed: 5\n`, 'a.yaml': 'extends: link.yaml\n' }, (directory) => {
    symlinkSync(join(directory, 'b.yaml'), join(directory, 'link.yaml'));
    t.is(loadExperiment(join(directory, 'a.yaml')).experiment.seed, 5);
  });
});
