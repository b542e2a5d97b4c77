import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Command, CommandGroup } from '../src/cli/arguments/command.ts';
import { COMMANDS, GLOBAL_OPTIONS, HELP_OPTIONS, isGroup } from '../src/cli/verbs/commands.ts';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name.replaceAll('\\', '/')}`),
].filter((name) => name.endsWith('.md'));

/** What stands as code in a page: the lines of its fenced blocks, and its inline pieces. */
function codeIn(page: string): string[] {
  const text = read(page);
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.split('\n'));
  const inline = [...text.replace(/^```\w*\n.*?^```$/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...blocks, ...inline];
}

const TREES = 'bench|configs|docs|kernels|scripts|src|test|workers|\\.ci|\\.vscode|\\.devcontainer';
const PATH = new RegExp(`(?<![\\w./~$-])(?:${TREES})/[\\w.*/-]*\\w|(?<![\\w./-])(?:dist/)(?:test|bench|src)/[\\w.*/-]*\\w`, 'g');

/** The source of a compiled file. */
const sourceOf = (file: string): string => file.replace(/^dist\//, '').replace(/\.js$/, '.ts');

/** Whether a path, which may have * in the name of a file, is there. */
function isThere(file: string): boolean {
  const name = path.posix.basename(file);
  if (!name.includes('*')) return existsSync(path.join(root, file));
  const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
  const folder = path.join(root, path.posix.dirname(file).replace(/\/\*\*$/, ''));
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((found) => pattern.test(path.basename(found)))
  );
}

for (const page of PAGES) {
  test(`${page}: every path of the repository that it names is there`, (t) => {
    // `test/accuracy` is a metric in the words of other tools.
    const paths = codeIn(page).flatMap((code) => (code.match(PATH) ?? []).filter((file) => !/^test\/\w+$/.test(file)));
    t.deepEqual(
      [...new Set(paths)].filter((file) => !isThere(sourceOf(file))),
      [],
    );
  });

  test(`${page}: every relative link leads to a page, and to a heading of it`, (t) => {
    const links = [...read(page).matchAll(/\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
    const broken = links.filter(([, target = '', anchor]) => {
      const file = target === '' ? page : path.posix.join(path.posix.dirname(page), target);
      if (!existsSync(path.join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(file).includes(anchor);
    });
    t.deepEqual(
      broken.map(([link]) => link),
      [],
    );
  });

  test(`${page}: every command is one that there is, with options that it has`, (t) => {
    t.deepEqual(codeIn(page).flatMap(problemsWith), []);
  });
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What is wrong with the commands in a line of code. */
function problemsWith(code: string): string[] {
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
  const problems: string[] = [];
  for (const [, script = ''] of code.matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)) {
    if (!Object.hasOwn(scripts, script)) problems.push(`npm run ${script}`);
  }
  // A command begins a line, or follows what is typed before it; elsewhere gradloom is the subject of a sentence.
  const commands = /(?:^|\$ |\bnpx |next: )gradloom ((?:[a-z]|--)[^#|;&)]*)/g;
  for (const [call, words = ''] of code.replace(/(?:^|\s)#.*$/, '').matchAll(commands)) {
    const problem = problemWithWords(words.trim().split(/\s+/));
    if (problem !== undefined) problems.push(`${call.trim()}: ${problem}`);
  }
  return problems;
}

function problemWithWords([verb = '', ...words]: readonly string[]): string | undefined {
  if (verb.startsWith('--')) return Object.hasOwn(HELP_OPTIONS, verb.slice(2)) ? undefined : `no option ${verb}`;
  const entry = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (entry === undefined) return `no command ${verb}`;
  const command = isGroup(entry) ? memberOf(entry, words[0] ?? '') : entry;
  if (command === undefined) return undefined;
  if (typeof command === 'string') return command;
  const options = { ...command.options, ...GLOBAL_OPTIONS, ...HELP_OPTIONS };
  const unknown = words.find(
    (word) =>
      /^--[a-z]/.test(word) &&
      !Object.hasOwn(options, (word.slice(2).split('=')[0] ?? '').replace(/^no-/, '')) &&
      !Object.hasOwn(options, word.slice(2)),
  );
  return unknown === undefined ? undefined : `no option ${unknown}`;
}

/** The command of a group that a word names or stands for; undefined where none follows; a problem in words. */
function memberOf({ commands, forFile }: CommandGroup, word: string): Command | string | undefined {
  if (word === '') return undefined;
  if (Object.hasOwn(commands, word)) return commands[word];
  const isFile = /[./]/.test(word) || existsSync(path.join(root, 'configs', `${word}.yaml`));
  return forFile !== undefined && isFile ? commands[forFile] : `no command ${word}`;
}

test('every file in configs has a section in docs/recipes.md, and is typed there', (t) => {
  const page = read('docs/recipes.md');
  const typed = codeIn('docs/recipes.md').filter((line) => /^(?:\$ )?gradloom /.test(line));
  const files = readdirSync(path.join(root, 'configs')).filter((name) => name.endsWith('.yaml'));
  t.true(files.length > 10);
  const isMissing = (name: string): boolean =>
    !new RegExp(`^### .*${name}`, 'm').test(page) || !typed.some((line) => line.includes(`configs/${name}`));
  // The same recipe on files that the reader brings.
  t.deepEqual(files.filter(isMissing), ['mnist-best-idx.yaml', 'mnist-cnn-idx.yaml']);
});

test('every page in docs is on the way from README.md', (t) => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    for (const [, target = ''] of read(page).matchAll(/\]\((?![a-z]+:)([^)#\s]+\.md)(?:#[^)\s]+)?\)/g)) {
      reached.add(path.posix.join(path.posix.dirname(page), target));
    }
  }
  t.deepEqual(
    PAGES.filter((page) => !reached.has(page)),
    [],
  );
});

test('every picture is shown by a page, and all of them are less than a megabyte', (t) => {
  const names = readdirSync(path.join(root, 'docs/images'));
  const shown = PAGES.map(read).join('\n');
  t.deepEqual(
    names.filter((name) => !shown.includes(`images/${name}`)),
    [],
  );
  t.true(names.reduce((sum, name) => sum + statSync(path.join(root, 'docs/images', name)).size, 0) < 1e6);
});

test('the memory map of docs/architecture.md is that of the run that it names', (t) => {
  const map = execFileSync('node', ['scripts/memory-map.mjs', 'configs/mnist.yaml', '2'], { cwd: root, encoding: 'utf8' });
  t.true(read('docs/architecture.md').includes(`\`\`\`\n${map}\`\`\`\n`), map);
});

test('the folders of src are in docs/architecture.md and CONTRIBUTING.md, in the order of imports', (t) => {
  const folders = readdirSync(path.join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const [, order = ''] = /stand in this order[^:]*:\s+([^.]+)\./.exec(read('docs/architecture.md')) ?? [];
  t.deepEqual([...order.matchAll(/`(\w+)`/g)].map(([, name]) => name).toSorted(), folders.map(({ name }) => name).toSorted());
  for (const { name } of folders) t.true(read('CONTRIBUTING.md').includes(`src/${name}/`), name);
});

test('no page and no comment refers to a document that is not in the repository', (t) => {
  const kinds = /\.(?:ts|mjs|md|yaml|py|c|json)$/;
  const trees = ['bench', 'configs', 'docs', 'kernels', 'scripts', 'src', 'test', 'workers'];
  const files = trees.flatMap((tree) =>
    readdirSync(path.join(root, tree), { recursive: true, encoding: 'utf8' }).map((name) => path.join(tree, name)),
  );
  const outside = [...PAGES, ...files]
    .filter((file) => kinds.test(file) && !file.includes('node_modules') && file !== path.join('test', 'docs.test.ts'))
    .flatMap((file) =>
      (
        read(file).match(
          /\b(?:DESIGN|STYLE|FACTS|RELIABILITY|INTERFACES|DEPENDENCIES|EXPERIMENT|SWEEP|NATIVE|DISTRIBUTED)(?:\.md| section)\b/g,
        ) ?? []
      ).map((word) => `${file}: ${word}`),
    );
  t.deepEqual(outside, []);
});

test('the pinned Node is one that the package allows, and that of the devcontainer, which has what .ci/run installs', (t) => {
  const pin = Number.parseInt(read('.nvmrc'), 10);
  const [, least = ''] = /"node": ">=(\d+)/.exec(read('package.json')) ?? [];
  t.true(pin >= Number(least), `${pin}`);
  const container = JSON.parse(read('.devcontainer/devcontainer.json')) as { image: string; onCreateCommand: string };
  t.regex(container.image, new RegExp(`:${pin}\\b`));
  const packages = [...read('.ci/run').matchAll(/apt-get install -qy (?:--\S+ )*(.+)$/gm)].flatMap(([, names = '']) => names.split(' '));
  t.true(packages.length > 3);
  t.deepEqual(
    packages.filter((name) => !container.onCreateCommand.split(' ').includes(name)),
    [],
  );
});
