import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { parseExperiment } from '../src/config/load.ts';
import { experimentJsonSchema } from '../src/config/schema/json-schema.ts';
import type { Outline } from '../src/config/schema/outline.ts';
import { loadSpeedup } from '../src/speedup/load.ts';
import { speedupJsonSchema } from '../src/speedup/schema.ts';
import { loadSweep } from '../src/sweep/file/load.ts';
import { sweepJsonSchema } from '../src/sweep/schema.ts';

const root = path.resolve(fileURLToPath(new URL('.', import.meta.url)), '../..');
const PAGE = path.join(root, 'docs/keys.md');
const run = promisify(execFile);

/** The page's three parts by their headings. */
const parts = new Map(
  readFileSync(PAGE, 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf('\n')), part]),
);

const partOf = (title: string): string => parts.get(title) ?? '';

type Referring = Outline & { $ref?: string; $defs?: Record<string, Outline> };

/**
 * Every key of a schema by its dotted name, found in another way than the page's script does.
 *
 * @param open  definitions that are not looked into yet: what can hold itself is told of once
 */
function namesIn(schema: Outline, name = '', open = new Map(Object.entries((schema as Referring).$defs ?? {}))): string[] {
  const below = name === '' ? '' : `${name}.`;
  const reference = (schema as Referring).$ref?.replace('#/$defs/', '');
  const at = reference === undefined ? schema : (open.get(reference) ?? {});
  if (reference !== undefined) open.delete(reference);
  return [
    ...Object.entries(at.properties ?? {}).flatMap(([key, child]) =>
      key === 'type' && child.const !== undefined ? [] : [`${below}${key}`, ...namesIn(child, `${below}${key}`, open)],
    ),
    ...[...(at.anyOf ?? []), ...(at.oneOf ?? [])].flatMap((option) => namesIn(option, name, open)),
    ...(at.items === undefined ? [] : namesIn(at.items, `${below}0`, open)),
    ...(at.additionalProperties ? namesIn(at.additionalProperties, `${below}<key>`, open) : []),
  ];
}

const typesIn = (schema: object): string[] =>
  [...JSON.stringify(schema).matchAll(/"type":\{[^{}]*"const":"(\w+)"/g)].map(([, word = '']) => word);

const SCHEMAS: readonly [title: string, schema: () => object][] = [
  ['Experiment files', experimentJsonSchema],
  ['Sweep files', sweepJsonSchema],
  ['Speedup files', speedupJsonSchema],
];

for (const [title, schema] of SCHEMAS) {
  test(`${title}: every key and every type that the JSON Schema has is on the page`, (t) => {
    const part = partOf(title);
    const names = [...new Set(namesIn(schema()))];
    t.true(names.length >= 14, `${names.length} keys`);
    const missing = names.filter((name) => {
      const [above = '', key = ''] = splitAtLastDot(name);
      const line = part.split('\n').findIndex((text) => text.startsWith(`- **\`${above}\`**`));
      // A map of one key is told of where it stands: `{epochs: ...}`.
      const isShort = line >= 0 && part.split('\n')[line + 1]?.includes(`\`{${key}: ...}\``) === true;
      return !part.includes(`- **\`${name}\`**`) && !isShort;
    });
    t.deepEqual(missing, []);
    t.deepEqual(
      typesIn(schema()).filter((word) => !part.includes(`**\`${word}\`**`) && !part.includes(`**[\`${word}\`](#`)),
      [],
    );
  });
}

function splitAtLastDot(name: string): string[] {
  const dot = name.lastIndexOf('.');
  return [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
}

interface Told {
  /** Undefined for a type. */
  name: string | undefined;
  facts: string;
  example: string;
}

/** The items of a part. */
function itemsIn(part: string): Told[] {
  const item = /^- \*\*(?:`([\w.<>]+)`|\[`\w+`\]\(#\S+\))\*\*.*\n {2}- (.*)\n {2}- (?:`(.+)`|```yaml\n([\s\S]*?) {4}```)$/gm;
  return [...part.matchAll(item)].map(([, name, facts = '', line, block = '']) => ({
    name: /^(?:the default; )?since /.test(facts) ? undefined : name,
    facts,
    example: line ?? block.replaceAll(/^ {4}/gm, ''),
  }));
}

for (const [title] of SCHEMAS) {
  test(`${title}: every item of the page says values, first version and an example`, (t) => {
    const part = partOf(title);
    const items = itemsIn(part);
    t.is(items.length, [...part.matchAll(/^- \*\*/gm)].length);
    for (const { facts } of items) t.regex(facts, /since \d+\.\d+\.\d+$/);
  });
}

/** A directory with the experiment that examples are lines of. */
function place(): { directory: string; remove: () => void } {
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-keys-'));
  const text = 'data: {source: mnist}\nmodel: {layers: [{type: dense, units: 32, activation: relu}, {type: dense, units: 10}]}\n';
  for (const name of ['base.yaml', 'mnist.yaml']) writeFileSync(path.join(directory, name), text);
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

test('every example of an experiment is read, and decides the key that it is for', (t) => {
  const { directory, remove } = place();
  t.teardown(remove);
  const file = path.join(directory, 'example.yaml');
  const items = itemsIn(partOf('Experiment files'));
  t.true(items.length > 300, `${items.length} examples`);
  const wrong = items.flatMap(({ name, example }) => {
    const text = example.startsWith('extends:') ? example : `extends: ./base.yaml\n${example}`;
    const decided = (): string[] =>
      [...parseExperiment(`${text}\n`, { file }).origins].flatMap(([key, origin]) =>
        origin.kind === 'file' && origin.file === file ? [key] : [],
      );
    return refusal(() => {
      if (name === undefined || name === 'extends') decided();
      else if (!decided().some((key) => key === name || key.startsWith(`${name}.`))) throw new Error(`says nothing of ${name}`);
    }, example);
  });
  t.deepEqual(wrong, []);
});

/** What is wrong with an example; nothing if it is read. */
function refusal(read: () => unknown, example: string): string[] {
  try {
    read();
    return [];
  } catch (error) {
    return [`${example}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

test('every example of a sweep and of a speedup file is read', (t) => {
  const { directory, remove } = place();
  t.teardown(remove);
  const file = path.join(directory, 'example.yaml');
  const sweeps = itemsIn(partOf('Sweep files'));
  const speedups = itemsIn(partOf('Speedup files'));
  t.true(sweeps.length > 50 && speedups.length > 12, `${sweeps.length} and ${speedups.length} examples`);
  const wrong = sweeps.flatMap(({ example }) => {
    const own = ['base', 'parameters', 'run_cap', 'budget'].map((key) => new RegExp(`^${key}:`, 'm').test(example));
    const beside = [
      own[0] ? '' : 'base: ./mnist.yaml\n',
      own[1] ? '' : 'parameters: {optimizer.lr: {values: [0.01, 0.1]}}\n',
      own[2] || own[3] ? '' : 'run_cap: 9\n',
    ];
    writeFileSync(file, `${beside.join('')}${example}\n`);
    return refusal(() => loadSweep(file), example);
  });
  const wrongSpeedups = speedups.flatMap(({ example }) => {
    writeFileSync(file, `${example.startsWith('base:') ? '' : 'base: ./mnist.yaml\n'}${example}\n`);
    return refusal(() => loadSpeedup(file), example);
  });
  t.deepEqual([...wrong, ...wrongSpeedups], []);
});

test('docs/keys.md is what the schemas say, and a page that is not is found', async (t) => {
  await t.notThrowsAsync(run('node', ['scripts/write-keys.mjs', '--check'], { cwd: root }));
  const directory = mkdtempSync(path.join(tmpdir(), 'gradloom-keys-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const other = path.join(directory, 'keys.md');
  writeFileSync(other, readFileSync(PAGE, 'utf8').replace('default `64`', 'default `32`'));
  await t.throwsAsync(run('node', ['scripts/write-keys.mjs', '--check', other], { cwd: root }));
});
