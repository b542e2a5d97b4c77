import test from 'ava';
import { GradloomError } from '../../../src/errors.ts';
import { errorObject, internalError, renderError } from '../../../src/report/text/errors.ts';
import { unpainted, widthOf } from '../../../src/report/text/paint.ts';

const look = { paint: unpainted, columns: 80 };
const frame = '  30 | train:\n> 31 |   learning_rate: 0.1\n     |   ^^^^^^^^^^^^^';
const unknownKey = {
  code: 'E_CONFIG_UNKNOWN_KEY',
  where: 'configs/mnist.yaml:31:3',
  message: 'train.learning_rate: unknown key; did you mean optimizer.lr?',
  frame,
} as const;

test('an error of a config has its place, its message and its frame', (t) => {
  const expected = `configs/mnist.yaml:31:3  error[E_CONFIG_UNKNOWN_KEY]  train.learning_rate: unknown key; did you mean optimizer.lr?\n${frame}`;
  t.is(renderError(new GradloomError(unknownKey), look), expected);
});

test('what is kept and what comes next share a line that is wide enough', (t) => {
  const error = new GradloomError({
    code: 'E_WORKER',
    message: 'worker 2 stopped',
    kept: 'runs/7f3c1a, checkpoint of step 700',
    next: 'gradloom resume runs/7f3c1a',
  });
  t.is(
    renderError(error, { ...look, columns: 100 }),
    'error[E_WORKER]  worker 2 stopped\nkept: runs/7f3c1a, checkpoint of step 700      next: gradloom resume runs/7f3c1a',
  );
  t.is(
    renderError(error, { ...look, columns: 60 }),
    'error[E_WORKER]  worker 2 stopped\nkept: runs/7f3c1a, checkpoint of step 700\nnext: gradloom resume runs/7f3c1a',
  );
});

test('a terminal gets what is too wide for it in lines that break between words, but for a command that is to be copied', (t) => {
  const error = new GradloomError({ ...unknownKey, next: `gradloom check ${'a'.repeat(20)} ${'b'.repeat(30)}` });
  t.deepEqual(renderError(error, { ...look, columns: 60, wraps: true }).split('\n'), [
    'configs/mnist.yaml:31:3  error[E_CONFIG_UNKNOWN_KEY]',
    '  train.learning_rate: unknown key; did you mean',
    '  optimizer.lr?',
    ...frame.split('\n'),
    `next: gradloom check ${'a'.repeat(20)} ${'b'.repeat(30)}`,
  ]);
  const said = new GradloomError({ ...unknownKey, frame: undefined, next: `check the path, or ${'name '.repeat(12)}` });
  t.true(
    renderError(said, { ...look, columns: 40, wraps: true })
      .split('\n')
      .every((line) => line.length <= 40),
  );
});

test('all problems of an error are printed', (t) => {
  const second = { code: 'E_CONFIG_RANGE', where: 'a:1:1', message: 'seed: out of range' } as const;
  t.is(
    renderError(new GradloomError(unknownKey, [unknownKey, second]), look)
      .split('\n')
      .at(-1),
    'a:1:1  error[E_CONFIG_RANGE]  seed: out of range',
  );
});

test('control characters never reach the terminal', (t) => {
  const error = new GradloomError({
    code: 'E_USAGE',
    where: 'a\u001b[2J',
    message: 'x\u202ey\nz',
    frame: '> \u0007\n  b',
    kept: '\r',
    next: '\u009b',
  });
  t.is(renderError(error, look), 'a\\u001b[2J  error[E_USAGE]  x\\u202ey\\u000az\n> \\u0007\n  b\nkept: \\u000d      next: \\u009b');
});

test('colours do not change the text', (t) => {
  const error = new GradloomError({ ...unknownKey, kept: 'a', next: 'b' });
  const marked = renderError(error, { ...look, paint: (style, text) => `<${style}>${text}</>` });
  t.true(
    marked.includes('<red>error[E_CONFIG_UNKNOWN_KEY]</>') &&
      marked.includes('<dim>  30 | train:</>\n> 31') &&
      marked.includes('<cyan>next:</> b'),
  );
  t.is(marked.replaceAll(/<\w*>|<\/>/g, ''), renderError(error, look));
});

test('an error as an object has the same fields, and all problems', (t) => {
  const error = new GradloomError(unknownKey, [unknownKey, { code: 'E_CONFIG_RANGE', message: 'seed' }]);
  t.deepEqual(JSON.parse(JSON.stringify(errorObject(error))), {
    error: { ...unknownKey, problems: [unknownKey, { code: 'E_CONFIG_RANGE', message: 'seed' }] },
  });
});

test('whatever else is thrown is a fault of ours, with its stack', (t) => {
  const error = internalError(new TypeError('boom'), '1.2.3');
  t.is(error.exitCode, 70);
  const lines = renderError(error, look).split('\n');
  t.is(lines[0], 'error[E_INTERNAL]  TypeError: boom');
  t.regex(lines[2] ?? '', /^ {4}at /);
  t.is(lines.at(-2), `gradloom 1.2.3, Node ${process.version}, ${process.platform} ${process.arch}`);
  t.is(lines.at(-1), 'next: this is a bug in gradloom: report it with the text above, the command and the experiment file');
  t.is(internalError('text', '1').message, 'text');
});

const MARKED = /^[\s|]*\^+$/;
for (const columns of [40, 60, 80]) {
  test(`lines of a frame are cut to ${columns} columns, alike, so that the place stays in sight`, (t) => {
    for (const before of [0, 10, 35, 60, 200, 900]) {
      for (const found of ['wrong', 'w'.repeat(150), '漢字']) {
        const lead = 'x'.repeat(before);
        const marks = `     | ${' '.repeat(before)}${'^'.repeat(found.length)}`;
        const frameOf = `  30 | train:\n> 31 | ${lead}${found}${'y'.repeat(100)}\n${marks}\n  32 | ${'z'.repeat(500)}`;
        const shown = renderError(new GradloomError({ ...unknownKey, frame: frameOf }), { ...look, columns, wraps: true }).split('\n');
        const at = shown.findIndex((line) => MARKED.test(line));
        const [line = '', carets = ''] = [shown[at - 1], shown[at]];
        t.true(
          shown.slice(at - 2).every((one) => widthOf(one) <= columns),
          shown.join('\n'),
        );
        const place = line.indexOf(found.slice(0, 2));
        t.is(carets.indexOf('^'), widthOf(line.slice(0, place)), shown.join('\n'));
        t.is(carets.trimEnd().length - carets.indexOf('^'), Math.min(widthOf(found), columns - carets.indexOf('^')));
      }
    }
  });
}
