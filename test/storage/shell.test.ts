import { execFileSync } from 'node:child_process';
import test from 'ava';
import { printable } from '../../src/errors.ts';
import { commandOf, shellWord } from '../../src/storage/shell.ts';

const WORDS = [
  'plain',
  'a b',
  "it's",
  '$HOME',
  '`id`',
  '"q"',
  'a\\b',
  '~',
  '~/a',
  '=a',
  '%1',
  '*',
  'a;b',
  '#a',
  '',
  'é',
  "tab\there's \\x41",
  '\u202e$x',
  'a\nb',
];

for (const word of WORDS) {
  test(`a shell reads back what was quoted: ${JSON.stringify(word)}`, (t) => {
    const quoted = shellWord(word);
    t.is(printable(quoted, Number.POSITIVE_INFINITY), quoted);
    t.is(execFileSync('bash', ['-c', `printf %s ${quoted}`], { encoding: 'utf8' }), word);
  });
}

test('a path that starts with a dash is no option', (t) => {
  t.is(shellWord('-rf'), './-rf');
});

test('a command has its words quoted where a shell needs it', (t) => {
  t.is(commandOf('sweep resume', 'sweeps/a-1', 'my runs/b'), "gradloom sweep resume sweeps/a-1 'my runs/b'");
});
