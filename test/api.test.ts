import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { transform } from 'esbuild';

/** The repository, seen from the compiled tests. */
const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const run = promisify(execFile);

interface Export {
  name: string;
  kind: string;
  comment: string | undefined;
}

/** What src/index.ts gives, with the comment of its declaration. */
function exportsOf(index: string): Export[] {
  return [...index.matchAll(/^export (type )?\{([^}]*)\} from '\.\/([^']+)';$/gm)].flatMap(([, ofTypes, names = '', file = '']) =>
    names
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '')
      .map((word) => {
        const found = declared(word.replace(/^type /, '').split(' as ')[0] ?? word, `src/${file}`);
        return ofTypes !== undefined || word.startsWith('type ') ? { ...found, kind: 'type' } : found;
      }),
  );
}

function declared(name: string, file: string): Export {
  const text = read(file);
  const declaration = new RegExp(
    `(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/\\n)?export (?:async )?(function|class|const|interface|type)\\*? ${name}\\b`,
  ).exec(text);
  if (declaration !== null) return { name, kind: declaration[2] ?? '', comment: declaration[1] };
  // Passed on from another file.
  const [, from] = new RegExp(`^export \\{[^}]*\\b${name}\\b[^}]*\\} from '(\\./[^']+)';$`, 'm').exec(text) ?? [];
  if (from === undefined) throw new Error(`${name} is not declared in ${file}`);
  return declared(name, path.posix.join(path.posix.dirname(file), from));
}

const EXPORTS = exportsOf(read('src/index.ts'));

const PAGES = ['README.md', ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'));

/** Blocks of TypeScript of a page. */
const blocksOf = (page: string): string[] => [...read(page).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);

/** The examples of a comment, as code. */
function examplesOf({ comment = '' }: Export): string[] {
  const plain = comment.replace(/\*\/\n$/, '').replaceAll(/^ ?\* ?/gm, '');
  return [...plain.matchAll(/^@example\n(.*?)(?=^@|(?![\s\S]))/gms)].map(([, code = '']) => code);
}

test('every export of the library has a comment', (t) => {
  t.true(EXPORTS.length > 150, `${EXPORTS.length} exports`);
  t.deepEqual(
    EXPORTS.filter(({ comment }) => comment === undefined).map(({ name }) => name),
    [],
  );
});

test('every function and class of the library has an example, in its comment or in docs/library.md', (t) => {
  const page = blocksOf('docs/library.md').join('\n');
  const called = EXPORTS.filter(({ kind }) => kind === 'function' || kind === 'class');
  t.true(called.length > 40, `${called.length} functions`);
  t.deepEqual(
    called.filter((one) => examplesOf(one).length === 0 && !new RegExp(`\\b${one.name}\\b[(.)]`).test(page)).map(({ name }) => name),
    [],
  );
});

/** A folder in which 'gradloom' is this package. */
function place(t: ExecutionContext): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'gradloom-api-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, 'node_modules/@types'), { recursive: true });
  symlinkSync(root, path.join(folder, 'node_modules/gradloom'));
  symlinkSync(path.join(root, 'node_modules/@types/node'), path.join(folder, 'node_modules/@types/node'));
  writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}\n');
  return folder;
}

/** What an example of a page takes for granted. */
const GIVEN: Readonly<Record<string, string>> = {
  'docs/use.md': 'declare const pixels: Uint8Array, batch: Uint8Array, rows: number[][], labels: string[];\n',
  'docs/data.md': 'declare const x: number[][], y: number[], directory: string;\n',
};

const COMPILER = {
  compilerOptions: { target: 'es2023', module: 'nodenext', types: ['node'], strict: true, skipLibCheck: true, noEmit: true },
  include: ['*.ts'],
};

test('every example of a comment and of a page compiles', async (t) => {
  t.timeout(180_000);
  const folder = place(t);
  const names = EXPORTS.map(({ name }) => name);
  const write = (file: string, code: string): void => {
    const imported = [...code.matchAll(/import (?:type )?\{([^}]*)\} from 'gradloom(?:\/browser)?'/g)].flatMap(
      ([, words = '']) => words.match(/\w+/g) ?? [],
    );
    const missing = names.filter(
      (name) => !imported.includes(name) && new RegExp(`(?<![.\\w])${name}\\b(?!:)`).test(code.replaceAll(/'[^']*'|\/\/.*/g, '')),
    );
    const head = missing.length === 0 ? '' : `import { ${missing.join(', ')} } from 'gradloom';\n`;
    writeFileSync(path.join(folder, file), `${head}${code}\nexport {};\n`);
  };
  for (const page of PAGES) {
    for (const [i, code] of blocksOf(page).entries()) write(`${path.basename(page, '.md')}-${i}.ts`, `${GIVEN[page] ?? ''}${code}`);
  }
  for (const one of EXPORTS) for (const [i, code] of examplesOf(one).entries()) write(`of-${one.name}-${i}.ts`, code);
  t.true(readdirSync(folder).length > 25, `${readdirSync(folder).length} examples`);
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(COMPILER));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const told = await run('node', [tsc, '-p', folder], { cwd: folder }).then(
    () => '',
    (error: Error & { stdout?: string }) => error.stdout ?? error.message,
  );
  t.is(told, '');
});

test('the examples of docs/library.md run, one after the other', async (t) => {
  t.timeout(240_000);
  const folder = place(t);
  cpSync(path.join(root, 'configs'), path.join(folder, 'configs'), { recursive: true });
  const runnable = blocksOf('docs/library.md').filter((code) => !code.includes('redis://'));
  t.true(runnable.length >= 9);
  for (const [i, code] of runnable.entries()) {
    const file = path.join(folder, `example-${i}.mjs`);
    writeFileSync(file, (await transform(code, { loader: 'ts', format: 'esm' })).code);
    const { stdout } = await run('node', [file], { cwd: folder });
    t.not(stdout, '', code);
  }
});
