import path from 'node:path';
import { yamlOf } from '../../config/resolved.ts';
import { closest } from '../../config/text/closest.ts';
import { literalPath } from '../../config/tree/path-text.ts';
import type { ColumnProfile } from '../../data/profile/table.ts';
import { GradloomError, printable } from '../../errors.ts';
import { elements } from '../../graph/shape.ts';
import type { FoundArrays, FoundData, FoundPictures, FoundTable } from './found.ts';
import { draftLayers, type Inputs, type Line } from './layers.ts';

/** What is chosen for a draft. */
export interface DraftOptions {
  name: string;
  /** Directory of the experiment file, which paths are relative to. */
  directory: string;
  /** Of a table. @default `guessTarget` */
  target?: string | undefined;
}

/** What is to be learned: one of so many classes, or numbers. */
type Task = { kind: 'classes'; count: number; least: number } | { kind: 'numbers'; count: number };

/** What a draft says of its data. */
interface Plan extends Inputs {
  /** Lines of `source:`, each with its comment. */
  source: readonly Line[];
  rows: number;
  task: Task;
}

/** Whole numbers with no more different values than this are classes. */
const MOST_CLASSES = 20;
/** A column with more different words than this is a name or a note, and no category. */
const MOST_CATEGORIES = 50;
/** Pictures are not drafted larger: each pixel is an input. */
const MOST_PIXELS = 64;
/** Rows of a class below which shares of each cannot be cut. */
const LEAST_STRATIFIED = 8;
const TARGET_NAMES = /^(?:target|label|labels|class|y|species|outcome|response)$/i;
const COMMENT_COLUMN = 52;

/**
 * An experiment that trains on data, as a commented file.
 *
 * @throws GradloomError E_USAGE for a target that the table does not have
 */
export function draftExperiment(data: FoundData, { name, directory, target }: DraftOptions): string {
  const at = (file: string): string => quoted(literalPath(relativeTo(directory, file)));
  const plan = planOf(data, at, target);
  const { rows, task } = plan;
  const isStratified = task.kind === 'classes' && task.least >= LEAST_STRATIFIED;
  const outputs = task.kind === 'classes' ? 'an output a class' : task.count === 1 ? 'the number' : 'an output a number';
  const lines: Line[] = [
    ['version: 2'],
    [`name: ${quoted(name)}`, 'what its runs are called'],
    ['seed: 1', 'decides split, initial weights and order: the same seed gives the same bits'],
    [''],
    ['data:'],
    ['  source:'],
    ...plan.source.map(([text, comment]): Line => [`    ${text}`, comment]),
    isStratified
      ? ['  split: {val: 0.15, test: 0.15, by: stratify}', 'the rest trains; every class has the same share in all parts']
      : ['  split: {val: 0.15, test: 0.15}', 'the rest trains'],
    [''],
    ['model:'],
    ['  layers:'],
    ...draftLayers(plan, task.count, outputs),
    ...(task.kind === 'classes' ? ([['loss: softmax_cross_entropy']] as const) : ([['loss: mse'], ['metrics: [rmse, mae, r2]']] as const)),
    [''],
    [`optimizer: {type: adam, lr: ${plan.picture === undefined ? 0.01 : 0.003}}`, 'the first value to try others of'],
    ['train:'],
    [`  batch_size: ${rows < 2000 ? 16 : 64}`, 'the global batch: the result is the same for any number of workers'],
    [`  epochs: ${rows < 2000 ? 50 : rows < 20_000 ? 20 : 10}`, 'at most'],
    ['  early_stop: {metric: val.loss, patience: 5}', 'ends once it has got no better for 5 evaluations'],
  ];
  const head = [`# Drafted by gradloom init. Any value can be changed here, or on the command line: train.epochs=5`];
  return `${[...head, ...lines.map(commented)].join('\n')}\n`;
}

/** The column that is most likely to be predicted: one that is called so, else the last that has no missing values. */
export function guessTarget({ profile: { columns, rows } }: FoundTable): string {
  const called = columns.findLast(({ name }) => TARGET_NAMES.test(name));
  // A text that is another in each row is a name.
  const isLikely = ({ missing, constant, distinct }: ColumnProfile): boolean => missing === 0 && !constant && distinct !== rows;
  return (called ?? columns.findLast(isLikely) ?? columns.at(-1))?.name ?? '';
}

/** @throws GradloomError E_USAGE for a column that the table does not have */
export function columnNamed(table: FoundTable, name: string): ColumnProfile {
  const column = table.profile.columns.find((one) => one.name === name);
  if (column === undefined) throw noColumn(table, name);
  return column;
}

function planOf(data: FoundData, at: (file: string) => string, target: string | undefined): Plan {
  if (data.kind === 'images') return picturesPlan(data, at);
  return 'profile' in data ? tablePlan(data, at, target ?? guessTarget(data)) : arraysPlan(data, at);
}

function tablePlan(table: FoundTable, at: (file: string) => string, target: string): Plan {
  const { kind, path: file, profile } = table;
  const { columns, rows } = profile;
  const column = columnNamed(table, target);
  const others = columns.filter((other) => other !== column);
  const words = others.filter(({ type }) => type === 'text');
  const categories = words.filter(({ distinct = 0, constant }) => distinct <= MOST_CATEGORIES && !constant);
  const dropped = others.filter((other) => other.constant || (other.type === 'text' && !categories.includes(other)));
  const used = others.filter((other) => !dropped.includes(other));
  const source: Line[] = [
    [`type: ${kind}`],
    [`path: ${at(file)}`, 'relative to this file'],
    [`target: ${quoted(target)}`, 'the column to predict'],
    ...listLine('categorical', categories, 'columns of words: a feature a category'),
    ...listLine('drop', dropped, 'the same in all rows, or too many different words'),
    ...(used.some(({ missing }) => missing > 0) ? ([['missing: median', 'of the training rows, where a value is missing']] as const) : []),
    ...(categories.length > 0 ? ([['unknown_category: zeros', 'for a category that no training row has']] as const) : []),
  ];
  const features = used.reduce((sum, { distinct }) => sum + (distinct ?? 1), 0);
  return { source, rows, features, task: taskOf(table, column) };
}

function taskOf({ profile }: FoundTable, column: ColumnProfile): Task {
  if (column.type === 'text') {
    const { distinct = 0, values = [] } = column;
    // Of many classes the rarest are not counted.
    const least = distinct > values.length ? 0 : Math.min(...values.map(({ count }) => count));
    return { kind: 'classes', count: Math.max(1, distinct), least };
  }
  const classes = column.classes ?? [];
  const isNumbered = classes.length >= 2 && classes.length <= MOST_CLASSES && classes.every(({ value }) => Number.isInteger(value));
  if (!isNumbered || profile.rows < 2 * classes.length) return { kind: 'numbers', count: 1 };
  return { kind: 'classes', count: classes.length, least: Math.min(...classes.map(({ count }) => count)) };
}

function arraysPlan({ kind, path: file, x, y, labels, xName }: FoundArrays, at: (file: string) => string): Plan {
  const source: Record<FoundArrays['kind'], Line[]> = {
    npy: [
      [`x: ${at(file)}`, 'the inputs, a row a sample; relative to this file'],
      [`y: ${at(labels)}`, 'what is to be learned of each'],
    ],
    npz: [
      [`path: ${at(file)}`, 'relative to this file'],
      [`x: ${quoted(xName ?? '')}`, 'the array of the inputs, a row a sample'],
      [`y: ${quoted(labels)}`, 'the array of what is to be learned of each'],
    ],
    idx: [[`images: ${at(file)}`, 'relative to this file'], [`labels: ${at(labels)}`]],
  };
  const { classes } = y;
  const task: Task =
    classes === undefined
      ? { kind: 'numbers', count: elements(y.shape.slice(1)) }
      : { kind: 'classes', count: classes.length, least: Math.min(...classes.map(({ count }) => count)) };
  const shape = x.shape.slice(1);
  return { source: [[`type: ${kind}`], ...source[kind]], rows: x.rows, features: elements(shape), picture: pictureOf(kind, shape), task };
}

/** Arrays of two axes may be tables of time, unless they are square. */
function pictureOf(kind: FoundArrays['kind'], shape: readonly number[]): Plan['picture'] {
  const [height, width] = shape.slice(-2);
  if (height === undefined || width === undefined || shape.length > 3) return undefined;
  return shape.length === 3 || kind === 'idx' || height === width ? [height, width] : undefined;
}

function picturesPlan({ path: folder, rows, classes, size, isGrey }: FoundPictures, at: (file: string) => string): Plan {
  const shrunk = Math.min(1, MOST_PIXELS / Math.max(size.height, size.width));
  const shrunkSide = (side: number): number => Math.max(1, Math.round(side * shrunk));
  const [height, width] = [shrunkSide(size.height), shrunkSide(size.width)];
  const source: Line[] = [
    ['type: images'],
    [`path: ${at(folder)}`, 'a folder with a folder a class; relative to this file'],
    [
      `size: [${height}, ${width}]`,
      size.isOnly && shrunk === 1 ? 'height and width, which all pictures have' : 'height and width that all are resized to',
    ],
    [`channels: ${isGrey ? 1 : 3}`, isGrey ? 'grey' : 'red, green, blue; 1 is grey'],
  ];
  const task: Task = { kind: 'classes', count: classes.length, least: Math.min(...classes.map(({ count }) => count)) };
  return { source, rows, features: height * width * (isGrey ? 1 : 3), picture: [height, width], task };
}

function listLine(key: string, columns: readonly ColumnProfile[], comment: string): Line[] {
  return columns.length === 0 ? [] : [[`${key}: [${columns.map(({ name }) => quoted(name)).join(', ')}]`, comment]];
}

function commented([text, comment]: Line): string {
  return comment === undefined ? text : `${text.padEnd(COMMENT_COLUMN)}  # ${comment}`;
}

/** As YAML has it, in one line and within a list. */
function quoted(text: string): string {
  return /^[A-Za-z_./][\w./ -]*$/.test(text) && yamlOf(text).trimEnd() === text ? text : JSON.stringify(text);
}

function relativeTo(directory: string, file: string): string {
  const relative = path.relative(directory, path.resolve(file)).replaceAll(path.sep, '/');
  return relative.startsWith('.') ? relative : `./${relative}`;
}

function noColumn({ path: file, profile: { columns } }: FoundTable, target: string): GradloomError {
  const names = columns.map(({ name }) => name);
  const near = closest(target, names);
  return new GradloomError({
    code: 'E_USAGE',
    where: printable(file, 500),
    message: `no column ${printable(target)}; ${
      near === undefined
        ? `expected one of ${names
            .slice(0, 20)
            .map((name) => printable(name))
            .join(', ')}`
        : `did you mean ${printable(near)}?`
    }`,
    next: 'gradloom init --help',
  });
}
