import type { core } from 'zod';
import { type ErrorCode, printable } from '../../errors.ts';
import { aboutRemoved } from '../names/removed.ts';
import { listOption, mapsFor, type Outline, outline, outlineAt, variantsOf } from '../schema/outline.ts';
import { closest, oneOf } from '../text/closest.ts';
import { dotted, keyPlaceAt, type MapNode, type Node, nodeAt, type Path, type ScalarNode } from '../text/node.ts';
import type { Problems } from '../text/problems.ts';
import type { Place } from '../text/source.ts';
import { byKeys } from './likely-types.ts';
import { aboutUnknownKey, isMisnamed } from './suggest.ts';
import { numberHint, sweepHint, typeHint } from './value-hints.ts';
import { adviceOn, lackOf } from './value-synonyms.ts';

const NUMBER_TYPES: readonly (string | undefined)[] = ['number', 'integer'];

/**
 * Says in the user's words what zod found wrong: zod gives the path, the tree the place, the outline the expectation.
 *
 * @param schema  of the kind of file that the tree is
 */
export function diagnose(root: Node, issues: readonly core.$ZodIssue[], problems: Problems, schema = outline): void {
  for (const issue of issues) {
    const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) unknownKey(root, path, key, problems, schema);
    else explain(root, path, issue, problems, schema);
  }
}

function unknownKey(root: Node, path: Path, key: string, problems: Problems, schema: Outline): void {
  const node = nodeAt(root, path);
  const full = dotted([...path, key]);
  if (node === undefined || problems.has(full)) return;
  // A suggestion costs a hundred comparisons, too many for a file with 100,000 wrong keys.
  const about = problems.many ? '' : `; ${aboutUnknownKey(outlineAt(root, path, schema), node, path, key, schema)}`;
  const next = sweepHint(nodeAt(root, [...path, key]));
  problems.add('E_CONFIG_UNKNOWN_KEY', full, `unknown key${about}`, keyPlaceAt(root, [...path, key]), next);
}

function explain(root: Node, path: Path, issue: core.$ZodIssue, problems: Problems, schema: Outline): void {
  const parentPath = path.slice(0, -1);
  const parent = nodeAt(root, parentPath);
  const node = nodeAt(root, path);
  const union = path.at(-1) === 'type' ? variantsOf(outlineAt(root, parentPath, schema)) : undefined;
  const at: Outline | undefined = union === undefined ? outlineAt(root, path, schema) : { type: 'string', enum: [...union.keys()] };
  // A wrong `type` is the fault of the word itself where it stands for the whole map.
  const shown = dotted(path.at(-1) === 'type' && parent?.kind === 'map' && parent.shorthand === true ? parentPath : path);
  if (problems.has(shown) || (node === undefined && isMisnamed(parent, path.at(-1)))) return;
  if (node === undefined) {
    const likely = union === undefined || parent?.kind !== 'map' ? undefined : byKeys(union, parent);
    const advice = likely === undefined || union?.size === 1 ? '' : `; by its keys it is ${likely}`;
    problems.add('E_CONFIG_MISSING', shown, `missing; expected ${expectation(at)}${advice}`, keyPlaceAt(root, parentPath));
  } else if (issue.code === 'invalid_key') {
    const name = printable(String(path.at(-1)), 80);
    problems.add(
      'E_CONFIG_VALUE',
      shown,
      `not a usable name; got ${name}; expected ${expectation(outlineAt(root, parentPath, schema)?.propertyNames)}`,
      keyPlaceAt(root, path),
    );
  } else if (node.kind === 'map' && mapsFor(at, node).length > 1) {
    explainAlternatives(root, path, node, mapsFor(at, node), issue, problems, schema);
  } else if (issue.code === 'invalid_union' && hasOwnOption(at, node) && isInside(issue)) {
    explainInside(root, path, issue, problems, schema);
  } else {
    const list = at?.items === undefined && node.kind === 'list' ? listOption(at) : at;
    const verdict =
      blockVerdict(root, node, at) ?? (list?.items === undefined ? explainValue(at, node, path) : explainList(list, node, path));
    problems.add(verdict.code, shown, verdict.message, placeOfValue(root, path, node), verdict.next ?? sweepHint(node));
  }
}

/** Whether a list stands where a list or something else may stand, or a map where one kind of map or something else may. */
function hasOwnOption(at: Outline | undefined, node: Node): boolean {
  return node.kind === 'list' ? listOption(at) !== undefined : node.kind === 'map' && mapsFor(at, node).length === 1;
}

function isInside(issue: core.$ZodIssueInvalidUnion): boolean {
  return issue.errors.flat().some((inner) => inner.path.length > 0);
}

/** What is wrong is inside the list or map. */
function explainInside(root: Node, path: Path, issue: core.$ZodIssueInvalidUnion, problems: Problems, schema: Outline): void {
  const inside = issue.errors.flat().filter((inner) => inner.path.length > 0);
  diagnose(
    root,
    inside.map((inner) => ({ ...inner, path: [...path, ...inner.path] })),
    problems,
    schema,
  );
}

interface Verdict {
  code: ErrorCode;
  message: string;
  next?: string;
}

function explainList(at: Outline, node: Node, path: Path): Verdict {
  if (node.kind !== 'list') return wrongType(at, node, path);
  return { code: 'E_CONFIG_RANGE', message: `out of range; got ${node.items.length} items; expected ${expectation(at)}` };
}

function explainValue(at: Outline | undefined, node: Node, path: Path): Verdict {
  const options = optionsOf(at);
  if (node.kind === 'scalar' && typeof node.value === 'number') return explainNumber(at, options, node, node.value, path);
  if (node.kind === 'scalar' && typeof node.value === 'string') return explainText(at, options, node, node.value, path);
  return wrongType(at, node, path);
}

/** An alternative may itself be of alternatives. */
function optionsOf(at: Outline | undefined): Outline[] {
  return at?.anyOf?.flatMap(optionsOf) ?? (at === undefined ? [] : [at]);
}

function explainNumber(at: Outline | undefined, options: readonly Outline[], node: ScalarNode, value: number, path: Path): Verdict {
  const numeric = options.filter((option) => NUMBER_TYPES.includes(option.type));
  const expected = `got ${shownValue(node)}; expected ${expectation(at)}`;
  if (numeric.length === 0) return wrongType(at, node, path);
  if (numeric.every((option) => option.const !== undefined)) return { code: 'E_CONFIG_VALUE', message: `unknown value; ${expected}` };
  if (numeric.every((option) => option.type === 'integer') && !Number.isInteger(value)) {
    return { code: 'E_CONFIG_INTEGER', message: `not an integer; ${expected}` };
  }
  // A largest of 2^53 - 1 is not worth telling, but to whom passes it.
  const most = numeric.some(({ maximum }) => maximum === Number.MAX_SAFE_INTEGER) && value > Number.MAX_SAFE_INTEGER;
  return { code: 'E_CONFIG_RANGE', message: `out of range; ${expected}${most ? `, at most ${Number.MAX_SAFE_INTEGER}` : ''}` };
}

/** A bare word in a list of layers that is the name of a block. */
function blockVerdict(root: Node, node: Node, at: Outline | undefined): Verdict | undefined {
  const name = node.kind === 'scalar' && at?.enum?.includes('block') === true ? node.value : undefined;
  if (typeof name !== 'string' || nodeAt(root, ['model', 'blocks', name]) === undefined) return undefined;
  return {
    code: 'E_CONFIG_VALUE',
    message: `unknown value; got ${shownValue(node)}; a block is put in as {block: ${printable(name, 80)}}`,
  };
}

function explainText(at: Outline | undefined, options: readonly Outline[], node: ScalarNode, value: string, path: Path): Verdict {
  const removed = aboutRemoved(dotted(path), value, shownValue(node));
  if (removed !== undefined) return { code: 'E_CONFIG_VALUE', ...removed };
  const words = options.flatMap((option) => (option.type === 'string' ? wordsOf(option) : [])).map(String);
  const expected = `got ${shownValue(node)}; expected ${expectation(at)}`;
  const lack = lackOf(value, words);
  if (lack !== undefined)
    return { code: 'E_CONFIG_VALUE', message: `gradloom has ${lack}; ${expected}`, next: 'docs/features.md tells what there is' };
  if (words.length > 0 && numberHint(options, node, value) === undefined) {
    const near = closest(value, words);
    const advice = adviceOn(value, words) ?? (near === undefined ? undefined : `did you mean ${near}?`);
    return { code: 'E_CONFIG_VALUE', message: `unknown value; ${expected}${advice === undefined ? '' : `; ${advice}`}` };
  }
  const text = options.find((option) => option.type === 'string' && wordsOf(option).length === 0);
  if (text?.form !== undefined) return { code: 'E_CONFIG_VALUE', message: `not understood; ${expected}` };
  if (text?.pattern !== undefined) return { code: 'E_RUN_NAME', message: `not a usable name; ${expected}` };
  if (text !== undefined) return { code: 'E_CONFIG_VALUE', message: `${value === '' ? 'empty' : 'too long'}; ${expected}` };
  return wrongType(at, node, path);
}

function wrongType(at: Outline | undefined, node: Node, path: Path): Verdict {
  const hint = typeHint(at, node, path);
  return {
    code: 'E_CONFIG_TYPE',
    message: `wrong type; got ${shownValue(node)}; expected ${expectation(at)}${hint === undefined ? '' : `; ${hint}`}`,
  };
}

/** `{epochs: n}` or `{steps: n}`: maps without a tag, told apart by their keys. */
function explainAlternatives(
  root: Node,
  path: Path,
  node: MapNode,
  maps: readonly Outline[],
  issue: core.$ZodIssue,
  problems: Problems,
  schema: Outline,
): void {
  const known = maps.flatMap((map) => Object.keys(map.properties ?? {}));
  const given = [...node.entries.keys()];
  const unknown = given.filter((key) => !known.includes(key));
  const usable = given.filter((key) => known.includes(key));
  for (const key of unknown) unknownKey(root, path, key, problems, schema);
  const [first, second] = usable;
  if (second !== undefined) {
    problems.add('E_CONFIG_VALUE', dotted(path), `give ${known.join(' or ')}, not both`, keyPlaceAt(root, [...path, second]));
  } else if (first !== undefined) {
    // Zod lists what each alternative lacks; only what is inside the given key is its fault.
    const faulty = issue.code === 'invalid_union' && issue.errors.flat().some((inner) => inner.path[0] === first);
    if (faulty) explain(root, [...path, first], issue, problems, schema);
  } else if (unknown.length === 0) {
    problems.add('E_CONFIG_MISSING', dotted(path), `missing; expected ${known.join(' or ')}`, keyPlaceAt(root, path));
  }
}

/** A block of lines is marked by its key; a value on the key's line by itself. */
function placeOfValue(root: Node, path: Path, node: Node): Place {
  return node.kind === 'scalar' ? node.place : keyPlaceAt(root, path);
}

function shownValue(node: Node): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return node.items.length === 0 ? 'an empty list' : 'a list';
  if (node.value === null) return node.raw === '' ? 'nothing' : printable(node.raw, 80);
  return printable(node.raw, 80);
}

function wordsOf(option: Outline): readonly (string | number | boolean)[] {
  return option.enum ?? (option.const === undefined ? [] : [option.const]);
}

/** What the schema allows at a dotted path, in words; undefined where it has no such key. */
export function expectationAt(root: Node, path: string): string | undefined {
  const at = outlineAt(root, path.split('.'));
  return at === undefined ? undefined : expectation(at);
}

/** What the schema allows at a place, in words. */
export function expectation(at: Outline | undefined): string {
  if (at === undefined) return 'another value';
  const variants = variantsOf(at);
  if (variants !== undefined) return oneOf([...variants.keys()]);
  if (at.anyOf !== undefined) {
    const maps = at.anyOf.filter((option) => option.properties !== undefined);
    if (maps.length > 1) {
      const others = at.anyOf.filter((option) => option.properties === undefined).map(expectation);
      return [...others, `a map with ${maps.flatMap((map) => Object.keys(map.properties ?? {})).join(' or ')}`].join(', or ');
    }
    if (at.isPath === true) return 'a file name, or a list of them';
    return at.anyOf.map(expectation).join(', or ');
  }
  const words = wordsOf(at);
  if (words.length > 0) return oneOf(words);
  switch (at.type) {
    case 'object':
      return at.required === undefined ? 'a map of keys' : `a map with ${at.required.join(' and ')}`;
    case 'array':
      return `a list${amount(at.minItems ?? 0, at.maxItems, 'items')}`;
    case 'integer':
      return `an integer${bounds(at.minimum, at.maximum === Number.MAX_SAFE_INTEGER ? undefined : at.maximum)}`;
    case 'number':
      return `a number${realBounds(at)}`;
    case 'boolean':
      return 'true or false';
    default:
      return expectedText(at);
  }
}

function expectedText(at: Outline): string {
  if (at.isPath === true) return 'a file name';
  if (at.form !== undefined) return at.form;
  if (at.pattern !== undefined) return `text of the form ${at.pattern.replace(/^\^|\$$/g, '')}`;
  if (at.minLength === 1 && at.maxLength === undefined) return 'text that is not empty';
  return `text${amount(at.minLength ?? 0, at.maxLength, 'characters')}`;
}

function bounds(least: number | undefined, most: number | undefined): string {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  if (least !== undefined) return ` of ${least} or more`;
  return most === undefined ? '' : ` of at most ${most}`;
}

function realBounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Outline): string {
  if (exclusiveMinimum === undefined && exclusiveMaximum === undefined) return bounds(minimum, maximum);
  const least = exclusiveMinimum === undefined ? minimum !== undefined && `of ${minimum} or more` : `above ${exclusiveMinimum}`;
  const most = exclusiveMaximum === undefined ? maximum !== undefined && `at most ${maximum}` : `below ${exclusiveMaximum}`;
  return ` ${[least, most].filter((part) => part !== false).join(', ')}`;
}

function amount(least: number, most: number | undefined, what: string): string {
  if (most === least) return ` of ${least} ${what}`;
  if (most !== undefined) return ` of ${least} to ${most} ${what}`;
  return least === 0 ? '' : ` of at least ${least} ${what}`;
}
