import { closest } from '../../config/text/closest.ts';
import { GradloomError, printable } from '../../errors.ts';
import type { Reading } from '../samples.ts';
import type { TableConfig } from './config.ts';
import type { ColumnRole, TextRole, Widths } from './rows/block.ts';
import { Dictionary } from './rows/dictionary.ts';
import { listed, tableError } from './rows/faults.ts';
import type { TableFile } from './rows/file.ts';

/** A column that gives features; `slot` counts those of its type. */
export interface FeatureColumn {
  name: string;
  type: 'number' | 'category';
  slot: number;
}

/** What each column of a table is for. */
export interface Layout {
  features: FeatureColumn[];
  targets: string[];
  /** Columns of no feature. */
  ignored: string[];
  widths: Widths;
  /** Of features and all else, by column. */
  roles: ReadonlyMap<string, ColumnRole>;
  /** Texts of the columns of categories, by their slot. */
  categories: Dictionary[];
  classes?: TextRole;
  group?: TextRole;
  assigned?: TextRole;
  assignedColumn?: string;
  /** Column of `others` that has the weights. */
  weights?: number;
}

type NamedFile = Pick<TableFile, 'path' | 'names' | 'hasNames'>;

/** Columns of an experiment's split: `by: {group: name}` or `by: {column: name}`. */
function splitColumns({ split }: Reading): { group?: string; column?: string } {
  const by: unknown = split.by;
  if (typeof by !== 'object' || by === null) return {};
  return {
    ...('group' in by && typeof by.group === 'string' && { group: by.group }),
    ...('column' in by && typeof by.column === 'string' && { column: by.column }),
  };
}

/** Names of columns that the experiment asks for. */
export function namedColumns(config: TableConfig, reading: Reading): string[] {
  const { target, features = [], drop = [], categorical = [], weights } = config;
  return [
    ...[target].flat(),
    ...features,
    ...drop,
    ...categorical,
    ...(weights === undefined ? [] : [weights]),
    ...Object.values(splitColumns(reading)),
  ];
}

/**
 * What the columns of a file are for.
 *
 * @throws GradloomError E_TABLE_COLUMN for a name that the file does not have or that has two uses; E_DATA_MISMATCH for several targets of classes
 */
export function layOut(file: TableFile, config: TableConfig, reading: Reading): Layout {
  const targets = [config.target].flat();
  const { group, column: assigned } = splitColumns(reading);
  const there = new Set(file.names);
  for (const name of namedColumns(config, reading)) if (!there.has(name)) throw noColumn(file, name);
  if (reading.problem === 'classification' && targets.length > 1) {
    throw new GradloomError({
      code: 'E_DATA_MISMATCH',
      where: 'data.source.target',
      message: `${targets.length} columns; a classification has one, of class names`,
      next: 'name one column, or set loss: mse to predict several numbers',
    });
  }
  // Classes can be groups too: both are told apart by their texts.
  const isClass = reading.problem === 'classification' && group === targets[0];
  const uses = usesOf(config, targets, isClass ? undefined : group, assigned);
  const ignored = new Set(uses.keys());
  const chosen = config.features ?? file.names.filter((name) => !ignored.has(name));
  if (chosen.length === 0) {
    throw tableError({
      code: 'E_TABLE_COLUMN',
      path: file.path,
      message: 'no column is left to be a feature',
      next: 'add columns, or drop fewer',
    });
  }
  checkUses(file, config, chosen, uses);
  return assemble(file, config, reading, { targets, chosen, group, assigned });
}

/** What each column that is no feature is for, in words. */
function usesOf(
  config: TableConfig,
  targets: readonly string[],
  group: string | undefined,
  assigned: string | undefined,
): Map<string, string> {
  const uses = new Map<string, string>();
  const give = (name: string | undefined, use: string): void => {
    if (name === undefined) return;
    const other = uses.get(name);
    if (other !== undefined) throw twoUses(name, other, use);
    uses.set(name, use);
  };
  for (const name of targets) give(name, 'data.source.target');
  give(config.weights, 'data.source.weights');
  give(group, 'data.split.by');
  give(assigned, 'data.split.by');
  for (const name of config.drop ?? []) if (name !== group) give(name, 'data.source.drop');
  return uses;
}

function checkUses(file: TableFile, config: TableConfig, chosen: readonly string[], uses: ReadonlyMap<string, string>): void {
  const seen = new Set<string>();
  for (const name of chosen) {
    const other = seen.has(name) ? 'data.source.features' : uses.get(name);
    if (other !== undefined) throw twoUses(name, other, 'data.source.features');
    seen.add(name);
  }
  for (const name of config.categorical ?? []) {
    const use = uses.get(name);
    if (use !== undefined) throw twoUses(name, use, 'data.source.categorical');
    if (seen.has(name)) continue;
    const next = 'add it to data.source.features, or remove it from data.source.categorical';
    throw tableError({
      code: 'E_TABLE_COLUMN',
      path: file.path,
      column: name,
      message: 'categorical, but not among data.source.features',
      next,
    });
  }
}

interface Chosen {
  targets: string[];
  chosen: readonly string[];
  group: string | undefined;
  assigned: string | undefined;
}

function assemble(file: TableFile, config: TableConfig, { problem }: Reading, { targets, chosen, group, assigned }: Chosen): Layout {
  const roles = new Map<string, ColumnRole>();
  const isFeature = new Set(chosen);
  const widths: Widths = { features: 0, others: 0, texts: 0 };
  const categorical = new Set(config.categorical);
  const categories: Dictionary[] = [];
  const features = chosen.map((name): FeatureColumn => {
    if (!categorical.has(name)) {
      const slot = widths.features++;
      roles.set(name, { kind: 'number', to: 'features', slot, missing: config.missing === 'error' ? 'error' : 'allowed' });
      return { name, type: 'number', slot };
    }
    const dictionary = new Dictionary();
    categories.push(dictionary);
    const slot = widths.texts++;
    const missing = config.missing === 'mean' || config.missing === 'median' ? 'allowed' : 'error';
    roles.set(name, { kind: 'text', slot, dictionary, missing, unknown: 'error', use: 'feature' });
    return { name, type: 'category', slot };
  });
  const text = (name: string, missing: TextRole['missing'], use: TextRole['use']): TextRole => {
    const role: TextRole = { kind: 'text', slot: widths.texts++, dictionary: new Dictionary(), missing, unknown: 'error', use };
    roles.set(name, role);
    return role;
  };
  const number = (name: string): number => {
    const slot = widths.others++;
    roles.set(name, { kind: 'number', to: 'others', slot, missing: 'error' });
    return slot;
  };
  const layout: Layout = {
    features,
    targets,
    ignored: file.names.filter((name) => !isFeature.has(name)),
    widths,
    roles,
    categories,
  };
  if (problem === 'classification') layout.classes = text(targets[0] as string, 'error', 'class');
  else for (const name of targets) number(name);
  if (config.weights !== undefined) layout.weights = number(config.weights);
  if (group !== undefined)
    layout.group = group === targets[0] && layout.classes !== undefined ? layout.classes : text(group, 'error', 'other');
  if (assigned !== undefined) {
    layout.assigned = text(assigned, 'allowed', 'other');
    layout.assignedColumn = assigned;
  }
  return layout;
}

/**
 * Roles of the columns of a file that is read with a layout that another one gave.
 *
 * @param isOwn  a set of its own, which is not split, and whose classes are all known
 * @throws GradloomError E_TABLE_COLUMN with the columns that it lacks
 */
export function rolesOf(file: TableFile, layout: Layout, isOwn: boolean): ColumnRole[] {
  const { classes, group, assigned } = layout;
  const there = new Set(file.names);
  const needed = [...layout.roles].filter(([, role]) => !isOwn || (role !== group && role !== assigned) || role === classes);
  const missing = needed.map(([name]) => name).filter((name) => !there.has(name));
  const spare = file.names.filter((name) => !layout.roles.has(name) && !layout.ignored.includes(name));
  if (missing.length > 0) throw lackingColumns(file, missing, spare);
  return file.names.map((name): ColumnRole => {
    const role = layout.roles.get(name) ?? { kind: 'skip' };
    return isOwn && role === classes ? { ...role, dictionary: new Dictionary(role.dictionary.names) } : role;
  });
}

/**
 * @param file     that lacks columns
 * @param missing  their names
 * @param spare    columns of the file that nothing needs: one of them may be meant
 */
export function lackingColumns(file: NamedFile, missing: readonly string[], spare: readonly string[]): GradloomError {
  const message = `${missing.length === 1 ? 'a column is' : 'columns are'} missing: ${listed(missing)}`;
  return tableError({ code: 'E_TABLE_COLUMN', path: file.path, message, next: lackingNext(file, missing, spare) });
}

function lackingNext(file: NamedFile, missing: readonly string[], spare: readonly string[]): string {
  const left = new Set(spare);
  const renames: string[] = [];
  const adds: string[] = [];
  for (const name of missing) {
    const near = file.hasNames ? nearest(name, [...left]) : undefined;
    if (near === undefined) adds.push(name);
    else if (left.delete(near)) renames.push(`${printable(near)} to ${printable(name)}`);
  }
  const those = adds.length === 1 ? 'a column' : 'columns';
  if (!file.hasNames) return `add a first row with the names of all columns, among them ${listed(adds)}; ${columnsThere(file)}`;
  const steps = [
    ...(renames.length === 0 ? [] : [`rename ${listed(renames)}`]),
    ...(adds.length === 0 ? [] : [`add ${those} ${listed(adds)}`]),
  ];
  return `${steps.join(', and ')}; ${columnsThere(file)}`;
}

/** The name that is probably meant: the same but for case and punctuation, or one with a letter or two that differ. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const same = names.find((other) => other.toLowerCase() === name.toLowerCase() || (plain(name) !== '' && plain(other) === plain(name)));
  // Of a name of two letters every other one is near.
  return same ?? (name.length < 3 ? undefined : closest(name, names));
}

/** @param next  what to do about it, with the columns that the model takes behind it */
export function unknownColumns(file: NamedFile, extra: readonly string[], taken: readonly string[], next: string): GradloomError {
  const message = `${extra.length === 1 ? 'a column is' : 'columns are'} not known to the model: ${listed(extra)}`;
  return tableError({ code: 'E_TABLE_COLUMN', path: file.path, message, next: `${next}; the model takes ${listed(taken)}` });
}

function noColumn(file: NamedFile, name: string): GradloomError {
  const near = nearest(name, file.names);
  const hint = near === undefined ? '' : `; did you mean ${printable(near)}?`;
  const header = file.hasNames ? '' : '; if the first row has their names, set data.source.header: true';
  const next = `name one of those that there are: ${listed(file.names)}${header}`;
  return tableError({ code: 'E_TABLE_COLUMN', path: file.path, message: `no column ${printable(name)}${hint}`, next });
}

function columnsThere({ names, hasNames }: NamedFile): string {
  return hasNames ? `the columns are ${listed(names)}` : `there are ${names.length} columns without names`;
}

function twoUses(name: string, one: string, other: string): GradloomError {
  const where = one === other ? `twice in ${one}` : `in ${one} and in ${other}`;
  return new GradloomError({
    code: 'E_TABLE_COLUMN',
    where: other,
    message: `column ${printable(name)} stands ${where}`,
    next: 'remove it from one of them',
  });
}
