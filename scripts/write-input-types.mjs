// Writes src/config/input/ from the schema, after a build: node scripts/write-input-types.mjs [--check [FOLDER]]
// It is the type of what a program may say in an experiment, with the shorthands of files and a comment on each key, which an editor shows;
// types that are inferred from the schema have neither.
// With --check nothing is written: exit code 1 says that a file there is not what the schema says.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { outline } from '../dist/src/config/schema/outline.js';
import { comment, pascal, Shapes } from './input/shapes.mjs';

const HEAD = '// Made from the schema by scripts/write-input-types.mjs; do not edit it.\n';
/** Keys whose types have a file of their own; all others stand in experiment.ts. */
const PARTS = ['data', 'model', 'loss', 'optimizer', 'schedule', 'train'];

const shapes = new Shapes(outline);
const keys = Object.entries(outline.properties).map(([key, at]) => {
  const isRequired = outline.required?.includes(key) === true;
  const type = shapes.typeOf(at, key, PARTS.includes(key) ? key : 'experiment');
  return { key, at, type, isRequired };
});

/** Of a key with a file of its own, the type gets a name there. */
const wholes = keys.flatMap(({ key, at, type }) =>
  PARTS.includes(key) && !/^\w+$/.test(type)
    ? [{ name: `${pascal(key)}Input`, part: key, body: { description: at.description, text: type } }]
    : [],
);
const named = [...shapes.named, ...wholes];

const experiment = keys.map(({ key, at, type, isRequired }) => {
  const name = wholes.find(({ part }) => part === key)?.name ?? type;
  const indented = name.replaceAll('\n', '\n  ');
  return `${comment(at, '  ')}  ${key}${isRequired ? '' : '?'}: ${indented}${isRequired ? '' : ' | undefined'};\n`;
});

const texts = new Map(['shared', 'layers', ...PARTS, 'experiment'].map((part) => [`${part}.ts`, textOf(part)]));

function textOf(part) {
  const types = named.filter((one) => one.part === part).map(declaration);
  if (part === 'experiment')
    types.push(
      `/** What a program may say in an experiment: the keys of a file, with its shorthands; whatever has a default may be left out. */\nexport interface ExperimentInput {\n${experiment.join('')}}\n`,
    );
  const body = types.join('\n');
  const imports = named.filter(
    (one) => one.part !== part && new RegExp(`(?<![.'\\w])${one.name}\\b(?!')`).test(body.replaceAll(/\/\*\*.*?\*\//gs, '')),
  );
  const lines = [...new Set(imports.map((one) => one.part))].toSorted().map((from) => {
    const names = imports.filter((one) => one.part === from).map(({ name }) => name);
    return `import type { ${names.toSorted().join(', ')} } from './${from}.ts';\n`;
  });
  return `${HEAD}${lines.join('')}\n${body}`;
}

function declaration({ name, body: { description, text } }) {
  const said = comment({ description });
  const isOneMap = text.startsWith('{') && !/\n\} [&|] /.test(text);
  if (isOneMap) return `${said}export interface ${name} ${text}\n`;
  return `${said}export type ${name} =${text.startsWith('\n') ? '' : ' '}${text};\n`;
}

const [option, folder = fileURLToPath(new URL('../src/config/input', import.meta.url))] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const present = readdirSync(folder);
const wrong = [
  ...[...texts]
    .filter(([name, text]) => !present.includes(name) || readFileSync(path.join(folder, name), 'utf8') !== text)
    .map(([name]) => name),
  ...present.filter((name) => !texts.has(name)),
];
if (option === '--check') {
  if (wrong.length > 0) {
    console.error(`${folder}: ${wrong.join(', ')} not what the schema says; next: node scripts/write-input-types.mjs`);
    process.exitCode = 1;
  }
} else {
  for (const name of present) rmSync(path.join(folder, name));
  for (const [name, text] of texts) writeFileSync(path.join(folder, name), text);
}
