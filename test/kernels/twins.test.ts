import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';

const root = path.resolve(import.meta.dirname, '../../..');

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

function filesIn(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(folder, name));
}

/** Exported kernels, each with the comment that stands above it. */
function kernelHeaders(): Map<string, string> {
  const headers = new Map<string, string>();
  for (const [, names = '', file = ''] of read('kernels/index.ts').matchAll(/^export \{([^}]*)\} from '\.\/([^']+)'/gm)) {
    const text = read(`kernels/${file}.ts`);
    for (const name of names.match(/\w+/g) ?? []) {
      headers.set(name, new RegExp(`((?:^//.*\\n)*)^export function ${name}\\(`, 'm').exec(text)?.[1] ?? '');
    }
  }
  return headers;
}

const twinOf = (header: string): string => /\btwin +(\w+)/.exec(header)?.[1] ?? '';

test('every kernel names its twin above it, and the twin is a function beside the tests', (t) => {
  const support = filesIn('test/kernels/support').map(read).join('\n');
  const headers = kernelHeaders();
  t.true(headers.size > 60);
  for (const [kernel, header] of headers) {
    const twin = twinOf(header);
    t.regex(header, new RegExp(`^// ${kernel}: `), `${kernel} has no header of its own`);
    t.regex(support, new RegExp(`^export (?:function|const) ${twin || '(none named)'}\\b`, 'm'), `${kernel}: twin ${twin}`);
  }
});

test('every kernel and its twin are called by the same test file, or by what it runs', (t) => {
  const support = new Map(filesIn('test/kernels/support').map((file) => [path.basename(file), read(file)]));
  const withSupport = (text: string): string => {
    const used = [...text.matchAll(/from '\.\.\/support\/(losses\.ts)'/g)].map(([, name = '']) => support.get(name) ?? '');
    return [text, ...used].join('\n');
  };
  const tests = filesIn('test/kernels')
    .filter((file) => file.endsWith('.test.ts') && !file.endsWith('twins.test.ts'))
    .map((file) => withSupport(read(file)));
  for (const [kernel, header] of kernelHeaders()) {
    const twin = twinOf(header);
    // By a call, or as an entry of a table that a test runs through.
    const runs = new RegExp(`kernels\\.${kernel}\\(|'${kernel}'|^ +${kernel}: \\{`, 'm');
    const compares = new RegExp(`\\b${twin}\\b(?!')`);
    t.true(
      tests.some((text) => runs.test(text) && compares.test(text.replaceAll(/^import [^;]*;/gm, ''))),
      `no test compares ${kernel} with ${twin}`,
    );
  }
});
