import test from 'ava';
import { COMMANDS } from '../../../src/cli/verbs/commands.ts';
import { spellCommands, VERBS } from '../../../src/report/text/commands.ts';

test('the words that make a text a command are those of the command line', (t) => {
  t.deepEqual(
    VERBS.filter((verb) => !verb.startsWith('-')),
    Object.keys(COMMANDS),
  );
});

for (const [text, spelt] of [
  ['gradloom resume runs/a', 'npx gradloom resume runs/a'],
  [
    'mend the cause, then gradloom sweep resume a && gradloom train b',
    'mend the cause, then npx gradloom sweep resume a && npx gradloom train b',
  ],
  ['gradloom --help', 'npx gradloom --help'],
  ['go on with the gradloom that env.json names', 'go on with the gradloom that env.json names'],
  ["rm 'gradloom train'", "rm 'gradloom train'"],
  ['npm install gradloom training', 'npm install gradloom training'],
] as const) {
  test(`commands start as gradloom was started: ${text}`, (t) => {
    t.is(spellCommands(text, 'npx gradloom'), spelt);
    t.is(spellCommands(text, undefined), text);
  });
}

test('a program with a dollar in its path is kept', (t) => {
  t.is(spellCommands('gradloom runs ls', "node '/$&/main.js'"), "node '/$&/main.js' runs ls");
});
