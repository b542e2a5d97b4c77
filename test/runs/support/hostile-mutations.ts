import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { nextBelow } from '../../../src/random/distributions.ts';
import type { RandomStream } from '../../../src/random/stream.ts';
import { changeCheckpoint } from './signed-checkpoint.ts';

const FILES = [
  'config.yaml',
  'env.json',
  'summary.json',
  'tags.json',
  'metrics.jsonl',
  'digests.jsonl',
  'model.safetensors',
  'lock/1',
  'lock/9',
  '../.index',
];
const FOLDERS = ['checkpoints', 'lock'];
const HUGE_BYTES = 2 ** 36;
/** What is larger was made huge. */
const READABLE_BYTES = 2 ** 26;
/** Deeper than a stack. */
const DEEP = 100_000;
const MANY = 3000;
const CONTROL = '\u001b[31m\u0007\u202e\u061c\u0000';

const ODD_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  -1e308,
  2 ** 53,
  '',
  '#NaN',
  '#Infinity',
  'x'.repeat(10_000),
  CONTROL,
  [],
  {},
  [[[[1]]]],
  { __proto__: null, constructor: 1 },
  '__proto__',
];

type Mutation = (run: string, random: RandomStream) => string;

function pick<T>(random: RandomStream, items: readonly T[]): T {
  return items[nextBelow(random, items.length)] as T;
}

/** A file of the run, by its place in it; a checkpoint now and then. Its folder is the run's own. */
function pickFile(run: string, random: RandomStream): string {
  const file = nextBelow(random, 4) === 0 ? pickCheckpoint(run, random) : pick(random, FILES);
  ownFolder(run, path.dirname(file));
  return file;
}

function pickCheckpoint(run: string, random: RandomStream): string {
  const names = readdirSync(ownFolder(run, 'checkpoints'));
  return path.join('checkpoints', names.length === 0 ? 'step-000000000006.safetensors' : pick(random, names));
}

/** A folder of the run, made again if something else is in its place. */
function ownFolder(run: string, name: string): string {
  const folder = path.join(run, name);
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    clear(folder);
    mkdirSync(folder);
  }
  return folder;
}

function clear(file: string): void {
  rmSync(file, { recursive: true, force: true });
}

/** Empty for what is no file, or a huge one. */
function textOf(file: string): string {
  return isFile(file) && lstatSync(file).size < READABLE_BYTES ? readFileSync(file, 'utf8') : '';
}

function isFile(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'a link in the place of a file': (run, random) => {
    const file = pickFile(run, random);
    const target = pick(random, [
      path.join('..', 'sibling', file),
      path.join(run, '..', 'sibling', path.basename(file)),
      '/dev/zero',
      '/dev/tty',
      '/proc/self/mem',
      'nowhere',
      path.basename(file),
      path.join(run, '..', '..', 'outside', 'file'),
      '.',
    ]);
    clear(path.join(run, file));
    symlinkSync(target, path.join(run, file));
    return `${file} -> ${path.isAbsolute(target) ? path.basename(target) : target}`;
  },
  'a link in the place of a folder': (run, random) => {
    const folder = pick(random, FOLDERS);
    const target = pick(random, [path.join('..', 'sibling', folder), path.join('..', '..', 'outside'), '/', 'nowhere', folder]);
    clear(path.join(run, folder));
    symlinkSync(target, path.join(run, folder));
    return `${folder} -> ${target}`;
  },
  'a link in the place of the run': (run) => {
    clear(run);
    symlinkSync('sibling', run);
    return 'the run -> sibling';
  },
  'a FIFO': (run, random) => {
    const file = pick(random, [pickFile(run, random), pick(random, FOLDERS)]);
    clear(path.join(run, file));
    execFileSync('mkfifo', [path.join(run, file)]);
    return `FIFO ${file}`;
  },
  'a folder in the place of a file': (run, random) => {
    const file = pickFile(run, random);
    clear(path.join(run, file));
    mkdirSync(path.join(run, file));
    return `folder ${file}`;
  },
  'a file in the place of a folder': (run, random) => {
    const folder = pick(random, FOLDERS);
    clear(path.join(run, folder));
    writeFileSync(path.join(run, folder), 'file');
    return `file ${folder}`;
  },
  'a huge file': (run, random) => {
    const file = pickFile(run, random);
    // Not a sibling's, which is read to see whether it changed.
    if (!isFile(path.join(run, file)) || lstatSync(path.join(run, file)).nlink > 1) {
      clear(path.join(run, file));
      writeFileSync(path.join(run, file), '');
    }
    truncateSync(path.join(run, file), HUGE_BYTES);
    return `huge ${file}`;
  },
  'a file cut off': (run, random) => {
    const file = pickFile(run, random);
    if (!isFile(path.join(run, file))) return 'nothing';
    const { size } = lstatSync(path.join(run, file));
    truncateSync(path.join(run, file), size === 0 ? 0 : nextBelow(random, Math.min(size, 2 ** 31)));
    return `cut ${file}`;
  },
  'bytes changed': (run, random) => {
    const file = pickFile(run, random);
    if (!isFile(path.join(run, file))) return 'nothing';
    if (lstatSync(path.join(run, file)).size > READABLE_BYTES) return 'nothing';
    const bytes = readFileSync(path.join(run, file));
    for (let i = 0; i < 5 && bytes.length > 0; i++) bytes[nextBelow(random, bytes.length)] = nextBelow(random, 256);
    writeFileSync(path.join(run, file), bytes);
    return `bytes of ${file}`;
  },
  'control characters': (run, random) => {
    const file = pick(random, FILES);
    const text = textOf(path.join(run, file));
    if (text.length === 0) return 'nothing';
    const at = nextBelow(random, text.length);
    writeFileSync(path.join(run, file), text.slice(0, at) + pick(random, [CONTROL, JSON.stringify(CONTROL).slice(1, -1)]) + text.slice(at));
    return `control characters in ${file}`;
  },
  'an odd value': (run, random) => {
    const file = pick(random, ['env.json', 'summary.json', 'tags.json', 'metrics.jsonl', 'digests.jsonl', 'lock/1']);
    ownFolder(run, path.dirname(file));
    const lines = textOf(path.join(run, file)).split('\n');
    const isLines = file.endsWith('.jsonl');
    const at = isLines ? nextBelow(random, lines.length) : 0;
    const value = parsed(isLines ? lines[at] : lines.join('\n'));
    const [changed, what] = withOddValue(value, random);
    if (isLines) lines[at] = JSON.stringify(changed);
    if (isFile(path.join(run, file))) writeFileSync(path.join(run, file), isLines ? lines.join('\n') : JSON.stringify(changed));
    return `${file}: ${what}`;
  },
  'an odd value in a signed checkpoint': (run, random) => {
    const file = path.join(run, pickCheckpoint(run, random));
    let what = 'nothing';
    try {
      changeCheckpoint(file, ({ metadata, state }) => {
        if (nextBelow(random, 3) > 0) {
          const [changed, at] = withOddValue(state, random);
          what = at;
          return { metadata, state: changed };
        }
        const key = pick(random, Object.keys(metadata));
        const value = pick(random, ['NaN', '1e308', '-1', '', '{}', '9007199254740993', '[]', CONTROL]);
        what = `${key}=${JSON.stringify(value)}`;
        return { metadata: { ...metadata, [key]: value }, state };
      });
    } catch {
      // Not a checkpoint any more.
    }
    return `checkpoint: ${what}`;
  },
  'deep nesting': (run, random) => {
    const file = pickFile(run, random);
    clear(path.join(run, file));
    const open = pick(random, ['[', '{"a":', '- ']);
    const text = open.repeat(DEEP) + (open === '[' ? ']'.repeat(DEEP) : open === '- ' ? '' : `1${'}'.repeat(DEEP)}`);
    writeFileSync(path.join(run, file), `${nextBelow(random, 2) === 0 ? text : `{"step":1,"epoch":0,"basis":${text}}`}\n`);
    return `deep ${file}`;
  },
  'a long line': (run, random) => {
    const file = pickFile(run, random);
    clear(path.join(run, file));
    writeFileSync(path.join(run, file), pick(random, ['x', '[],', '"a":1,', ' ']).repeat(3 * 2 ** 20));
    return `long line in ${file}`;
  },
  'odd locks': (run, random) => {
    const folder = ownFolder(run, 'lock');
    const name = pick(random, [
      '9007199254740992',
      '9007199254740990',
      '99999999999999999999',
      '007',
      '-1',
      '1e5',
      '3.released',
      'tags-7',
      CONTROL,
    ]);
    const file = path.join(folder, name.replaceAll('\0', ''));
    clear(file);
    writeFileSync(file, pick(random, ['', '{"pid":', '{"pid":1e308,"host":7}', '{"pid":-1}', 'null']));
    return `lock/${JSON.stringify(name)}`;
  },
  'many locks': (run) => {
    const folder = ownFolder(run, 'lock');
    for (let i = 0; i < MANY; i++) writeFileSync(path.join(folder, `x${i}`), '');
    return 'many locks';
  },
  'hard links': (run, random) => {
    const file = pick(random, ['metrics.jsonl', 'digests.jsonl', 'tags.json', 'config.yaml']);
    clear(path.join(run, file));
    linkSync(path.join(run, '..', 'sibling', file), path.join(run, file));
    return `${file} is sibling's too`;
  },
  'odd leftovers': (run, random) => {
    const folder = ownFolder(run, pick(random, ['.', 'checkpoints', 'lock']));
    const place = path.join(folder, pick(random, ['.tmp-1', 'step-000000000099.safetensors.bad', 'step-000000000099.safetensors', 'x']));
    if (existsSync(place)) return 'nothing';
    if (nextBelow(random, 2) === 0) mkdirSync(path.join(place, 'inner'), { recursive: true });
    else symlinkSync('../../sibling', place);
    return `leftover ${path.relative(run, place)}`;
  },
  'lines of the config': (run, random) => {
    const lines = textOf(path.join(run, 'config.yaml')).split('\n');
    const at = nextBelow(random, lines.length);
    const key = /^\s*(?:- )?[\w.]+: /.exec(lines[at] ?? '')?.[0] ?? 'name: ';
    const odd = [
      '.nan',
      '1e999',
      '[[[',
      '*x',
      '&a [*a]',
      '!!js/function x',
      '"\\u001b[2J"',
      '-0',
      '{}',
      'null',
      '~',
      '|',
      JSON.stringify(CONTROL),
    ];
    lines[at] = key + pick(random, odd);
    if (isFile(path.join(run, 'config.yaml'))) writeFileSync(path.join(run, 'config.yaml'), lines.join('\n'));
    return `config.yaml: ${JSON.stringify(lines[at])}`;
  },
  'a removed file': (run, random) => {
    const file = pickFile(run, random);
    clear(path.join(run, file));
    return `no ${file}`;
  },
  'checkpoints under other names': (run, random) => {
    const from = path.join(run, pickCheckpoint(run, random));
    const to = path.join(
      run,
      'checkpoints',
      pick(random, ['step-999999999999.safetensors', `step-${'9'.repeat(100)}.safetensors`, 'step-000000000006-r9.safetensors']),
    );
    if (existsSync(from)) renameSync(from, to);
    return `${path.basename(from)} is ${path.basename(to).slice(0, 40)}`;
  },
};

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return {};
  }
}

/** A copy with one value, anywhere in it, replaced or removed. */
function withOddValue(value: unknown, random: RandomStream, at = ''): [changed: unknown, what: string] {
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (keys.length > 0 && nextBelow(random, 8) > 0) {
    const key = pick(random, keys);
    const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
    const place = at === '' ? key : `${at}.${key}`;
    if (nextBelow(random, 10) === 0) {
      delete copy[key];
      return [copy, `${place} removed`];
    }
    const [changed, what] = withOddValue(copy[key], random, place);
    copy[key] = changed;
    return [copy, what];
  }
  const odd = pick(random, ODD_VALUES);
  return [odd, `${at} = ${JSON.stringify(odd).slice(0, 40)}`];
}

/** Changes the files of a run for the worse, never through a link that an earlier change made; what was done, in words. */
export function mutate(run: string, random: RandomStream): string {
  const kind = lstatSync(run).isSymbolicLink() ? undefined : pick(random, Object.values(MUTATIONS));
  return kind?.(run, random) ?? 'nothing';
}
