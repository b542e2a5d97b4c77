import { SYNONYMS } from '../../config/check/synonyms.ts';
import { ourWord } from '../../config/check/value-synonyms.ts';
import { closest, listed, oneOf } from '../../config/text/closest.ts';
import { type Entry, type MapNode, type Node, nodeAt, type ScalarNode, valueAt } from '../../config/text/node.ts';
import type { Place } from '../../config/text/source.ts';
import { PATHS_AS_WRITTEN, plain } from '../../config/tree/plain.ts';
import { printable } from '../../errors.ts';
import type { Blame } from './blame.ts';
import { type ExperimentKey, experimentKeys, hiddenLayerKeys, isOfLayer, keyOfLayer } from './experiment-keys.ts';
import { HABITS, LAYER_HABITS, SIZE_OF_LAYER } from './habits.ts';

/** What is offered for a name that resembles nothing. */
const COMMON = ['optimizer.lr', 'optimizer.weight_decay', 'train.batch_size', 'train.epochs', 'model.layers.0.units'];

/** What a name means: a key of the experiment, or the keys that it could mean, or that are searched most if it resembles none. */
type Meaning = { readonly key: string } | { readonly candidates: readonly string[]; readonly isGuess: boolean };

/**
 * A sweep's tree with the experiment's own keys in place of other names for them: those that `rename` gives, and bare names
 * (`learning_rate`) that can mean one key only. What means none or several is reported, with the candidates.
 *
 * @param base     the experiment's tree
 * @param notices  receives a sentence for each name that is read otherwise
 */
export function withOurKeys(tree: MapNode, base: MapNode, blame: Blame, notices: string[]): MapNode {
  const names = new Names(tree, base, blame, notices);
  const entries = new Map<string, Entry>();
  for (const [key, entry] of tree.entries) entries.set(key, { ...entry, value: names.translate(key, entry.value) });
  return { ...tree, entries };
}

class Names {
  readonly #keys: ReadonlyMap<string, ExperimentKey>;
  readonly #tree: MapNode;
  readonly #blame: Blame;
  readonly #notices: string[];
  /** What the file or the command line says, by name. */
  readonly #given: ReadonlyMap<string, string>;
  /** Names read so far; undefined: reported. */
  readonly #read = new Map<string, string | undefined>();

  constructor(tree: MapNode, base: MapNode, blame: Blame, notices: string[]) {
    this.#tree = tree;
    this.#keys = experimentKeys(base);
    this.#blame = blame;
    this.#notices = notices;
    this.#given = this.#readRename();
  }

  translate(section: string, value: Node): Node {
    if (value.kind === 'list' && section === 'enqueue')
      return { ...value, items: value.items.map((item) => this.#renamed(item, [section])) };
    if (value.kind !== 'map') return value;
    if (section === 'parameters') return this.#parameters(value);
    if (section !== 'zip') return value;
    const zips = [...value.entries].map(([name, entry]): [string, Entry] => [
      name,
      { ...entry, value: this.#renamed(entry.value, [section, name]) },
    ]);
    return { ...value, entries: new Map(zips) };
  }

  #parameters(map: MapNode): MapNode {
    const renamed = this.#renamed(map, ['parameters']);
    if (renamed.kind !== 'map') return map;
    const own = [...renamed.entries].map(([key, entry]): [string, Entry] => [
      key,
      this.#isBare(key, map) ? { ...entry, value: this.#inOurWords(key, entry.value) } : entry,
    ]);
    const worded = { ...renamed, entries: new Map(own) };
    const entries = own.map(([key, entry]): [string, Entry] => {
      const when = valueAt(entry.value, 'when');
      const before = entry.value.kind === 'map' ? entry.value.entries.get('when') : undefined;
      if (entry.value.kind === 'map' && when !== undefined && before !== undefined) {
        const inner = new Map([...entry.value.entries, ['when', { ...before, value: this.#renamed(when, ['parameters', key, 'when']) }]]);
        return [key, { ...entry, value: { ...entry.value, entries: inner } }];
      }
      return [key, { ...entry, value: this.#isBare(key, map) ? this.#conditioned(key, entry.value, worded) : entry.value }];
    });
    return { ...worded, entries: new Map(entries) };
  }

  /** Whether the file says a key by another name. */
  #isBare(key: string, map: MapNode): boolean {
    return !map.entries.has(key);
  }

  /** Values such as `Adam` and `CrossEntropy`, in the words of ours that they stand for. */
  #inOurWords(key: string, value: Node): Node {
    const words = this.#keys.get(key)?.words ?? [];
    const translate = (node: Node): Node => {
      if (node.kind === 'list') return { ...node, items: node.items.map(translate) };
      if (node.kind !== 'scalar' || typeof node.value !== 'string' || words.includes(node.value)) return node;
      const ours = ourWord(node.value, words);
      if (ours === undefined) return node;
      this.#notices.push(`${key}: ${printable(node.value, 80)} is read as ${ours}`);
      return { ...node, value: ours };
    };
    if (value.kind !== 'map' || words.length === 0) return value;
    const entries = [...value.entries].map(([name, entry]): [string, Entry] =>
      name === 'values' || name === 'value' ? [name, { ...entry, value: translate(entry.value) }] : [name, entry],
    );
    return { ...value, entries: new Map(entries) };
  }

  /** W&B has no conditions: a key of some types only exists where one of them is chosen. */
  #conditioned(key: string, value: Node, parameters: MapNode): Node {
    const [only] = this.#keys.get(key)?.only ?? [];
    if (value.kind !== 'map' || only === undefined) return value;
    const [owner, types] = only;
    const type = `${owner}.type`;
    const choices = nodeAt(parameters, [type, 'values']);
    if (choices?.kind !== 'list') return value;
    const fitting = choices.items.filter((item) => item.kind === 'scalar' && types.some((one) => one === item.value));
    if (fitting.length === 0 || fitting.length === choices.items.length) return value;
    const words = fitting.map((item) => String(plain(undefined, item, PATHS_AS_WRITTEN)));
    this.#notices.push(`${key}: only ${type} ${words.join(', ')} has it, so it varies there only`);
    const when: Node = {
      kind: 'map',
      place: value.place,
      entries: new Map([[type, { key: value.place, value: { kind: 'list', place: value.place, items: fitting } }]]),
    };
    return { ...value, entries: new Map<string, Entry>([...value.entries, ['when', { key: value.place, value: when }]]) };
  }

  /** A map with its keys in our names; those that are reported are left out. */
  #renamed(node: Node, path: readonly string[]): Node {
    if (node.kind !== 'map') return node;
    const entries = new Map<string, Entry>();
    const names = new Map<string, string>();
    for (const [name, entry] of node.entries) {
      const key = this.#read.has(name) ? this.#read.get(name) : this.#understand(name, entry, path);
      this.#read.set(name, key);
      if (key === undefined) continue;
      const other = names.get(key);
      if (other === undefined) entries.set(key, entry);
      else
        this.#blame.reportAt(
          'E_CONFIG_VALUE',
          [...path, name],
          `given twice: ${printable(name, 80)} and ${printable(other, 80)} are both ${key}`,
          entry.key,
        );
      names.set(key, name);
    }
    return { ...node, entries };
  }

  #understand(name: string, entry: Entry, path: readonly string[]): string | undefined {
    const given = this.#given.get(name);
    if (given !== undefined) return given;
    const meaning = this.#meaningOf(name);
    // What a condition is about is looked for among the parameters, with all else that is wrong with it.
    if (meaning === undefined || (path.at(-1) === 'when' && !('key' in meaning))) return name;
    if ('key' in meaning) {
      if (meaning.key !== name) this.#notices.push(`${path[0]}: ${printable(name, 80)} is read as ${meaning.key}`);
      return meaning.key;
    }
    const shown = printable(name, 80);
    const key = meaning.isGuess ? 'KEY' : (meaning.candidates[0] ?? 'KEY');
    const remedy = `--rename ${shown}=${key}, or rename: {${shown}: ${key}} in the file, says which; ~parameters.${shown} leaves it out`;
    const message = `the experiment has no such key; candidates: ${listed(meaning.candidates)}`;
    this.#blame.reportAt('E_CONFIG_UNKNOWN_KEY', [...path, name], message, entry.key, remedy);
    return undefined;
  }

  /** undefined: nothing better is known than the name itself. */
  #meaningOf(name: string): Meaning | undefined {
    const word = name.toLowerCase().replaceAll('-', '_');
    const habit = Object.hasOwn(HABITS, word) ? HABITS[word] : undefined;
    const isBare = !name.includes('.');
    if (isBare && habit !== undefined && this.#keys.has(habit)) return { key: habit };
    // Also a whole map's: batch_norm, and the union that stands for its type.
    if (this.#keys.has(name) || [...this.#keys.keys()].some((key) => key.startsWith(`${name}.`))) return undefined;
    if (!isBare) return this.#within(name) ?? this.#elsewhere(name);
    const layerKey = Object.hasOwn(LAYER_HABITS, word) ? LAYER_HABITS[word] : undefined;
    const found = layerKey === undefined ? this.#ending(word) : hiddenLayerKeys(this.#keys, layerKey);
    const [first] = found;
    if (first !== undefined) return found.length === 1 ? { key: first } : { candidates: found, isGuess: false };
    if (isReserved(name)) return undefined;
    const near = this.#near(word);
    return near.length > 0
      ? { candidates: near, isGuess: false }
      : { candidates: COMMON.filter((key) => this.#keys.has(key)), isGuess: true };
  }

  /** `optimizer.learning_rate`: the parent's key that the last part is a habit of. */
  #within(name: string): Meaning | undefined {
    const parts = name.split('.');
    const last = (parts.pop() ?? '').toLowerCase().replaceAll('-', '_');
    const parent = parts.join('.');
    const word = last === 'name' ? 'type' : (LAYER_HABITS[last] ?? HABITS[last]?.split('.').slice(1).join('.') ?? '');
    return word !== '' && this.#keys.has(`${parent}.${word}`) ? { key: `${parent}.${word}` } : undefined;
  }

  /** `optim.lr`, in a map that the experiment has not: what its last part means in the map that is meant, or anywhere. */
  #elsewhere(name: string): Meaning | undefined {
    const [first = ''] = name.split('.');
    if (isReserved(first) || [...this.#keys.keys()].some((key) => key === first || key.startsWith(`${first}.`))) return undefined;
    const last = name.slice(name.lastIndexOf('.') + 1);
    const owner = HABITS[first.toLowerCase()]?.split('.')[0] ?? first;
    const within = this.#keys.has(`${owner}.${last}`) ? { key: `${owner}.${last}` } : this.#within(`${owner}.${last}`);
    const meaning = within ?? this.#meaningOf(last);
    return meaning !== undefined && 'key' in meaning ? { candidates: [meaning.key], isGuess: false } : meaning;
  }

  /** The keys that end in a word: those of hidden layers, or of the types that the base has, or of all. */
  #ending(word: string): string[] {
    const all = [...this.#keys].filter(([key]) => key.endsWith(`.${word}`) || key.endsWith(`.${word}.type`));
    const hidden = all.filter(([key, one]) => !isOfLayer(one) || hiddenLayerKeys(this.#keys, keyOfLayer(one)).includes(key));
    const current = hidden.filter(([, { isCurrent }]) => isCurrent);
    return (current.length > 0 ? current : hidden).map(([key]) => key);
  }

  /** Keys that a name resembles. */
  #near(word: string): string[] {
    const synonym = SYNONYMS[word];
    const lasts = [...new Set([...this.#keys.values()].map(({ path }) => String(path.at(-1))))];
    const parts = word.split('_').filter((part) => part.length > 2);
    const near = [synonym, closest(word, lasts), ...parts.map((part) => LAYER_HABITS[part] ?? SYNONYMS[part] ?? part)];
    const found = near.flatMap((one) => (one === undefined ? [] : this.#ending(one)));
    if (!SIZE_OF_LAYER.test(word)) return [...new Set(found)];
    const current = found.filter((key) => this.#keys.get(key)?.isCurrent === true);
    return [...new Set([...hiddenLayerKeys(this.#keys, 'units'), ...current])];
  }

  #readRename(): Map<string, string> {
    const given = new Map<string, string>();
    const rename = nodeAt(this.#tree, ['rename']);
    if (rename?.kind !== 'map') return given;
    const named = this.#namesOfFile();
    for (const [name, { key, value }] of rename.entries) {
      if (value.kind !== 'scalar' || typeof value.value !== 'string') continue;
      const target = value.value;
      if (!this.#isKey(target)) this.#reportTarget(name, value);
      else if (named.includes(name)) given.set(name, target);
      else this.#reportUnused(name, key, named);
      if (!this.#isKey(target)) this.#read.set(name, undefined);
    }
    return given;
  }

  #isKey(name: string): boolean {
    return this.#keys.has(name) || [...this.#keys.keys()].some((key) => key.startsWith(`${name}.`));
  }

  /** A file may be written for several sets of parameters; who says it on the command line means one that is there. */
  #reportUnused(name: string, place: Place, named: readonly string[]): void {
    const near = closest(name, named);
    if (near === undefined && place.source.kind !== 'command line') {
      this.#notices.push(`rename.${printable(name, 80)}: no parameter has this name, ignored`);
      return;
    }
    const about = near === undefined ? `expected ${named.length === 0 ? 'none' : oneOf(named)}` : `did you mean ${near}?`;
    this.#blame.reportAt('E_CONFIG_VALUE', ['rename', name], `no parameter has this name; ${about}`, place);
  }

  #reportTarget(name: string, { value, place }: ScalarNode): void {
    const target = String(value);
    const meaning = this.#meaningOf(target);
    const likely = meaning !== undefined && 'key' in meaning ? meaning.key : closest(target, [...this.#keys.keys()]);
    const about = likely === undefined ? `expected a key of the experiment such as ${listed(COMMON)}` : `did you mean ${likely}?`;
    this.#blame.reportAt(
      'E_CONFIG_UNKNOWN_KEY',
      ['rename', name],
      `the experiment has no such key; got ${printable(target, 80)}; ${about}`,
      place,
    );
  }

  #namesOfFile(): string[] {
    const zips = nodeAt(this.#tree, ['zip']);
    const maps = [
      nodeAt(this.#tree, ['parameters']),
      ...(zips?.kind === 'map' ? [...zips.entries.values()].map(({ value }) => value) : []),
    ];
    return maps.flatMap((map) => (map?.kind === 'map' ? [...map.entries.keys()] : []));
  }
}

/** Names that the search refuses by itself, with its reason. */
function isReserved(name: string): boolean {
  return ['version', 'name', 'tags', 'parallel', 'track', 'metrics', 'extends', 'parent'].includes(name);
}
