// Writes docs/keys.md from the schemas of the three kinds of file, after a build: node scripts/write-keys.mjs [--check [FILE]]
// A key that is new is recorded in scripts/keys/since.json, under the version in package.json.
// With --check nothing is written: exit code 1 says that the page or the record is not what the schemas say.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expectation } from '../dist/src/config/check/diagnose.js';
import { experimentJsonSchema } from '../dist/src/config/schema/json-schema.js';
import { outline } from '../dist/src/config/schema/outline.js';
import { speedupOutline } from '../dist/src/speedup/schema.js';
import { sweepOutline } from '../dist/src/sweep/schema.js';
import { exampleOf, valueOfType } from './keys/examples.mjs';
import { isShort, sectionsOf } from './keys/walk.mjs';

const RECORD = new URL('./keys/since.json', import.meta.url);

const INTRODUCTION = `# Keys

Every key of the three kinds of file: what it is for, which values it takes, its default, what it can change, the first version that has it, and an
example. Made from the schemas in \`src/\` by \`scripts/write-keys.mjs\`; \`gradloom schema\`, \`gradloom schema sweep\` and \`gradloom schema speedup\` print
them for editors. [experiment-files.md](experiment-files.md) tells how a file is read, [sweeps.md](sweeps.md) what a sweep does,
[reading-speedup.md](reading-speedup.md) what a speedup says.

A key is written here as on the command line: \`gradloom train FILE optimizer.lr=0.05\`. \`model.layers.0\` is the first layer, and the others are like it.
A type that needs nothing more may be written as a bare word: \`optimizer: sgd\` is \`optimizer: {type: sgd}\`.

What a key of an experiment can change:

| kind | what it can change |
|---|---|
| result | bits of the trained network. Two runs that differ in such a key are two experiments |
| execution | how the work is done, never a bit of the result |
| label | nothing: it names the run, or says where things are |
| data | (beside result) a run is known by the fingerprint of the rows that come out, not by these keys |
| length | (beside result) how long is trained: \`gradloom extend\` and \`train --needed\` go on from a run that differs in nothing else |
| recorded | (beside execution) which lines metrics.jsonl has |
| file | (beside the others) a path: the file counts by its content, not by its name |`;

const KINDS = [
  {
    kind: 'experiment',
    title: 'Experiment files',
    text: 'For `gradloom train` and `check`. An example below is one of the lines of a file that has a source and layers.',
    outline: { ...outline, properties: { extends: extendsKey(), ...outline.properties } },
  },
  {
    kind: 'sweep',
    title: 'Sweep files',
    text: 'For `gradloom sweep`. They have no kinds of key: `execution` and `on_trial_error` never change a bit of a result, all others say what is searched.',
    outline: sweepOutline,
  },
  {
    kind: 'speedup',
    title: 'Speedup files',
    text: 'For `gradloom speedup`. Every key but `version` and `base` is also an option of the command.',
    outline: speedupOutline,
  },
];

const version = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
const record = JSON.parse(readFileSync(RECORD, 'utf8'));
const page = [INTRODUCTION, ...KINDS.map(partOf)].join('\n\n');

/** The loader reads it before the schema sees a file. */
function extendsKey() {
  const { oneOf: anyOf, description } = experimentJsonSchema().properties.extends;
  return { description, anyOf, isPath: true };
}

function partOf({ kind, title, text, outline: at }) {
  const sections = sectionsOf(at, title);
  const titles = new Set(sections.map((section) => section.title));
  return sections.map((section) => sectionText(section, kind, titles, section.title === title ? text : undefined)).join('\n\n');
}

function sectionText({ title, depth, at, types, keys }, kind, titles, text = depth === 0 ? undefined : at.description) {
  const head = `${'#'.repeat(Math.min(depth + 2, 5))} ${title}`;
  const told = text === undefined ? undefined : sentence(text);
  const typeLines = types.map((type) => typeText(type, { at, kind, title, titles }));
  const keyLines = keys.map((key) => keyText(key, kind));
  const common = types.length > 0 && keys.length > 0 ? 'With every type:' : undefined;
  return [head, told, typeLines.join('\n'), common, keyLines.join('\n')].filter((part) => part !== undefined && part !== '').join('\n\n');
}

function sentence(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}${/[.:]$/.test(text) ? '' : '.'}`;
}

function typeText(type, { at, kind, title, titles }) {
  const { word, variant, id } = type;
  const own = `${title}, type: ${word}`;
  const name = titles.has(own) ? `[\`${word}\`](#${anchorOf(own)})` : `\`${word}\``;
  const facts = [at.default?.type === word ? 'the default' : undefined, `since ${since(kind, id)}`];
  return bullet(`**${name}**`, variant.description, facts, exampleOf({ ...type, at: variant }, valueOfType(type)));
}

function keyText(key, kind) {
  const { name, at, isRequired } = key;
  const facts = [
    valuesOf(at),
    isRequired ? 'required' : defaultOf(at),
    kind === 'experiment' ? kindOf(key.trail) : undefined,
    `since ${since(kind, key.id)}`,
  ];
  return bullet(`**\`${name}\`**`, at.description, facts, exampleOf(key));
}

function bullet(name, description, facts, example) {
  const head =
    description === undefined
      ? name
      : `${name}: ${description
          .replaceAll('|', '\\|')
          .replace(/(?<!`)\*(?!`)/g, '\\*')
          .replaceAll('<', '\\<')}`;
  const code = example.includes('\n')
    ? ['', ...example.split('\n')]
        .map((line) => (line === '' ? '```yaml' : line))
        .concat('```')
        .join('\n    ')
    : `\`${example}\``;
  return `- ${head}\n  - ${facts.filter((fact) => fact !== undefined).join('; ')}\n  - ${code}`;
}

/** What the schema allows, in the words of errors; of maps that are told of in a section of their own, that they are maps. */
function valuesOf(at) {
  if (at.isPath === true) return expectation(at);
  if (at.enum !== undefined || at.const !== undefined) return (at.enum ?? [at.const]).map((word) => `\`${word}\``).join(', ');
  if (at.name === 'value') return 'whatever the key takes';
  if (at.items?.name === 'layer') return `${expectation(at)}, each a layer as [\`model.layers.0\`](#modellayers0)`;
  if (at.items !== undefined && at.items.properties === undefined) return `${expectation(at)}, each ${valuesOf(at.items)}`;
  if (at.anyOf === undefined) return expectation(at).replaceAll('<', '\\<');
  return at.anyOf.map((option) => (option.properties !== undefined && isShort(option) ? shortMap(option) : valuesOf(option))).join(', or ');
}

function shortMap({ properties }) {
  const [[key, value]] = Object.entries(properties);
  return `\`{${key}: ...}\` with ${expectation(value)}`;
}

function defaultOf(at) {
  if (at.default === undefined) return 'no default';
  if (at.default === '') return 'default empty';
  if (typeof at.default === 'object' && Object.keys(at.default).length === 0) return Array.isArray(at.default) ? 'default `[]`' : undefined;
  const value = at.default?.type !== undefined && Object.keys(at.default).length === 1 ? at.default.type : at.default;
  return `default \`${
    typeof value === 'string'
      ? value
      : JSON.stringify(value)
          .replaceAll('"', '')
          .replaceAll(/([:,])(?=\S)/g, '$1 ')
  }\``;
}

/** What a key can change; what a map says counts for all that is in it, until a key in it says otherwise. */
function kindOf(trail) {
  if (trail[0].key === 'extends') return undefined;
  const said = trail.map(({ at }) => at);
  const kind = said.findLast((at) => at.kind !== undefined)?.kind ?? 'result';
  const marks = { isData: 'data', isLength: 'length', isRecorded: 'recorded', isPath: 'file' };
  return [kind, ...Object.keys(marks).flatMap((mark) => (said.some((at) => at[mark] === true) ? [marks[mark]] : []))].join(', ');
}

/** The first version that has a key or a type; of a new one the version that is being made. */
function since(kind, id) {
  for (const [first, ids] of Object.entries(record[kind])) if (ids.includes(id)) return first;
  record[kind][version] = [...(record[kind][version] ?? []), id];
  return version;
}

/** As GitHub makes them of headings. */
function anchorOf(title) {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

const [option, file = fileURLToPath(new URL('../docs/keys.md', import.meta.url))] = process.argv.slice(2);
const recorded = `${JSON.stringify(record, null, 2)}\n`;
if (option !== '--check') {
  writeFileSync(file, `${page}\n`);
  writeFileSync(RECORD, recorded);
} else if (readFileSync(file, 'utf8') !== `${page}\n` || readFileSync(RECORD, 'utf8') !== recorded) {
  console.error(`${file} is not what the schemas say; next: node scripts/write-keys.mjs`);
  process.exitCode = 1;
}
