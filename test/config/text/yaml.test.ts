import test from 'ava';
import { denseLayers, errorOf, parse, problemsOf, VALID } from '../support/experiments.ts';

const cases: { title: string; text: string; problems: string[] }[] = [
  { title: 'C4 a duplicate key', text: `${VALID}seed: 1\nseed: 2\n`, problems: ['a.yaml:4:1 [E_YAML_SYNTAX] seed: duplicate key'] },
  {
    title: 'C4 a duplicate key that differs in quotes only',
    text: `${VALID}train: {steps: 1, "steps": 2}\n`,
    problems: ['a.yaml:3:19 [E_YAML_SYNTAX] train.steps: duplicate key'],
  },
  {
    title: 'C4 a tab as indentation',
    text: `${VALID}train:\n\tsteps: 2\n`,
    problems: ['a.yaml:4:1 [E_YAML_SYNTAX] tabs are not allowed as indentation'],
  },
  {
    title: 'C4 an unclosed bracket',
    text: `${VALID}tags: [a, b`,
    problems: ['a.yaml:3:12 [E_YAML_SYNTAX] flow sequence in block collection must be sufficiently indented and end with a ]'],
  },
  {
    title: 'C4 two documents',
    text: `${VALID}---\nseed: 1\n`,
    problems: ['a.yaml:3:1 [E_YAML_SYNTAX] a second document starts here; a config file holds one'],
  },
  {
    title: 'C4 a key that is a list',
    text: `${VALID}? [a]\n: 1\n`,
    problems: ['a.yaml:3:3 [E_YAML_SYNTAX] with stringKeys, all keys must be strings'],
  },
  {
    title: 'an alias without an anchor',
    text: `${VALID}seed: *a\n`,
    problems: ['a.yaml:3:7 [E_YAML_SYNTAX] seed: no anchor &a stands before this alias'],
  },
  {
    title: 'a %YAML 1.1 directive',
    text: `%YAML 1.1\n---\n${VALID}`,
    problems: ['a.yaml:1:1 [E_YAML_SYNTAX] %YAML 1.1 is not read; config files are YAML 1.2'],
  },
  {
    title: 'C5 more than 100 aliases',
    text: `${VALID}tags: [&a x, ${'*a, '.repeat(101)}]\n`,
    problems: ['a.yaml:3:414 [E_YAML_ALIASES] tags.101: too many aliases; at most 100, and 100000 values through them'],
  },
  {
    title: 'C6 flow nesting deeper than 64',
    text: '['.repeat(65),
    problems: ['a.yaml:1:65 [E_YAML_TOO_DEEP] nested deeper than 64 levels'],
  },
  { title: 'C6 `- ` 10,000 times', text: '- '.repeat(10_000), problems: ['a.yaml:1:129 [E_YAML_TOO_DEEP] nested deeper than 64 levels'] },
  {
    title: 'C6 indentation deeper than 64',
    text: Array.from({ length: 70 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
    problems: ['a.yaml:65:66 [E_YAML_TOO_DEEP] nested deeper than 64 levels'],
  },
  {
    title: 'C6 more than 1 MiB of text',
    text: 'x'.repeat(2 ** 20 + 1),
    problems: ['a.yaml:1:1 [E_YAML_TOO_LARGE] larger than 1 MiB, the limit of a config file'],
  },
  {
    title: 'C6 1 MiB of brackets',
    text: `[${'[],'.repeat(300_000)}`,
    problems: ['a.yaml:1:131072 [E_YAML_TOO_LARGE] more than 131072 words and marks'],
  },
  { title: 'C7 a map that contains itself', text: '&a {x: *a}', problems: ['a.yaml:1:8 [E_YAML_CYCLE] x: *a contains itself'] },
  {
    title: 'C9 language and unknown tags',
    text: `${VALID}name: !!js/function "x"\nseed: !foo 1\n`,
    problems: ['a.yaml:3:7 [E_YAML_TAG] custom tags are not allowed', 'a.yaml:4:7 [E_YAML_TAG] custom tags are not allowed'],
  },
  { title: 'C9 !!binary', text: `${VALID}name: !!binary aGk=\n`, problems: ['a.yaml:3:7 [E_YAML_TAG] custom tags are not allowed'] },
  { title: 'C14 no text at all', text: '', problems: ['a.yaml:1:1 [E_CONFIG_READ] the file is empty'] },
  { title: 'C14 comments only', text: '# nothing\n', problems: ['a.yaml:1:1 [E_CONFIG_READ] the file is empty'] },
  { title: 'a list at the top', text: '- a\n', problems: ['a.yaml:1:1 [E_CONFIG_TYPE] wrong type; expected a map of keys'] },
];

for (const { title, text, problems } of cases) {
  test(`${title} is refused with its place`, (t) => {
    t.deepEqual(
      problemsOf(() => parse(text)),
      problems,
    );
    t.is(errorOf(() => parse(text)).exitCode, 78);
  });
}

test('C4 a syntax error shows its lines and a caret', (t) => {
  t.is(
    errorOf(() => parse(`${VALID}train:\n\tsteps: 2\n`)).frame,
    ['  2 | model: {layers: [{type: dense, units: 10}]}', '  3 | train:', '> 4 | \\u0009steps: 2', '    | ^^^^^^', '  5 |'].join('\n'),
  );
});

test('C5 a billion laughs is refused within 100 ms', (t) => {
  const lines = ['a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]'];
  for (let i = 1; i < 10; i += 1)
    lines.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  const start = performance.now();
  const error = errorOf(() => parse(lines.join('\n')));
  t.is(error.code, 'E_YAML_ALIASES');
  t.is(error.where, 'a.yaml:6:10');
  t.true(performance.now() - start < 100);
});

test('C6 a thousand files of 20 KB of brackets leave the process alive', (t) => {
  const text = '['.repeat(20_000);
  const codes = new Set(Array.from({ length: 1000 }, () => errorOf(() => parse(text)).code));
  t.deepEqual([...codes], ['E_YAML_TOO_DEEP']);
});

test('brackets in text and comments are not nesting', (t) => {
  t.is(parse(`${VALID}# ${'['.repeat(100)}\ntrack: {notes: "${'{'.repeat(100)}"}\n`).experiment.track.notes, '{'.repeat(100));
});

test('an alias stands for the value of its anchor', (t) => {
  t.deepEqual(
    denseLayers(parse('data: {source: mnist}\nmodel: {layers: [&wide {type: dense, units: 9}, *wide]}\n').experiment).map(
      ({ units }) => units,
    ),
    [9, 9],
  );
});

test('C14 a byte order mark and CRLF are accepted, and positions are those of the text', (t) => {
  t.is(parse(`\ufeff${VALID}seed: 7\n`.replaceAll('\n', '\r\n')).experiment.seed, 7);
  t.is(errorOf(() => parse(`\ufeff${VALID}sed: 7\n`.replaceAll('\n', '\r\n'))).where, 'a.yaml:3:1');
});

test('escape codes in a file reach neither the message nor the frame', (t) => {
  const error = errorOf(() => parse(`${VALID}"a\u001b[2J\u202e": 1\n`));
  t.is(
    error.message,
    'a\\u001b[2J\\u202e: unknown key; the keys here are version, name, tags, seed, data, model, loss, metrics, optimizer, regularization, schedule, train, parent, numerics, parallel, ...',
  );
  t.true(error.frame?.includes('> 3 | "a\\u001b[2J\\u202e": 1'));
});

test('at most 100 problems are listed, and the last says how many more there are', (t) => {
  const keys = Array.from({ length: 150 }, (_, i) => `k${i}: 1\n`).join('');
  const { problems } = errorOf(() => parse(VALID + keys));
  t.is(problems.length, 100);
  t.is(problems.at(-1)?.next, 'then see 50 more problems');
});
