// biome-ignore-all lint/suspicious/noTemplateCurlyInString: some values look like templates on purpose
import { isDeepStrictEqual } from 'node:util';
import { parseExperiment } from '../../../src/config/load.ts';
import { resolvedYaml } from '../../../src/config/resolved.ts';
import { type Outline, outline } from '../../../src/config/schema/outline.ts';
import { readBlockYaml } from '../../../src/config/text/block-yaml.ts';
import type { LoadedExperiment } from '../../../src/config/validate.ts';
import { GradloomError } from '../../../src/errors.ts';

/** One input of the fuzzer: a text and the arguments put over it. */
export interface FuzzCase {
  text: string;
  overrides: string[];
}

export interface FuzzReport {
  accepted: number;
  rejected: number;
  slowestMs: number;
  failures: string[];
}

const LIMIT_MS = 1000;

const TEXTS = [
  `version: 1
name: mnist-mlp
tags: [mnist, baseline]
seed: 1234
data:
  source: {type: mnist, order: by_seed}
  split: {train: 5000, val: 1000, test: 1000, by: order}
  normalize: unit
model:
  init: {type: he_normal}
  layers:
    - {type: dense, units: 256, activation: relu}
    - type: dense
      units: 10
      activation: {type: leaky_relu, slope: 0.2}
loss: softmax_cross_entropy
optimizer: {type: sgd, lr: 1e-3}
train:
  batch_size: full
  epochs: 27   # or steps
  eval: {every: {epochs: 1}, on: val}
parallel: {workers: auto}
track: {dir: ./runs, notes: "some: text"}
`,
  `data: &d {source: {type: synthetic, kind: blobs, samples: 100}}
model:
  layers: [&l {type: dense, units: 3, init: {type: uniform, low: -1, high: 1}}, *l]
loss: {label_smoothing: 0.1, class_weights: [1, 2.5, 0]}
metrics: [accuracy, top2_accuracy, confusion]
train:
  steps: 30
track:
  notes: |
    two
    lines
`,
  'data: {source: {type: idx, images: a.gz, labels: "b"}}\nmodel: {init: {type: file, path: w}, layers: [{type: dense, units: 1}]}\n',
  `data: {source: mnist}
model:
  blocks:
    a: [{residual: {layers: [{type: conv2d, filters: 8, kernel: [3, 5], padding: same, dilation: 2}], batch_norm: true}}]
    b: [{repeat: 2, layers: [{block: a}]}, {type: max_pool2d, kernel: 2, drop_rest: true}]
  layers:
    - {type: conv2d, filters: 8, kernel: 3, stride: [2, 1], padding: [1, 0], groups: 1, bias: false, layer_norm: true}
    - {repeat: {times: 3, layers: [{block: b}, {repeat: 0, layers: [flatten]}]}}
    - flatten
    - {type: reshape, shape: [4, 90], channels: last}
    - {type: conv1d, filters: 4, kernel: 3, dropout1d: 0.2, activation: relu}
    - {type: avg_pool1d, kernel: 3, stride: 2, padding: 1}
    - global_avg_pool
    - {type: dense, units: 10}
`,
];

const TOKENS = [
  ':',
  ': ',
  '-',
  '- ',
  '?',
  '? ',
  '[',
  ']',
  '{',
  '}',
  ',',
  '&a ',
  '*a',
  '!',
  '!!str ',
  '!foo ',
  '|',
  '>',
  '"',
  "'",
  '#',
  ' #',
  '%YAML 1.1',
  '---',
  '...',
  '\n',
  '\r\n',
  '\t',
  ' ',
  '  ',
  '<<: ',
  '~',
  'null',
  'true',
  'yes',
  '012',
  '0x1f',
  '1_000',
  '1e400',
  '1e-400',
  '.nan',
  '-.inf',
  '-1',
  '0',
  '1.5',
  '99999999999999999999',
  '__proto__',
  'constructor',
  'toString',
  '${env:HOME}',
  '\u0000',
  '\u001b[2J',
  '\u202e',
  '\ud800',
  '\ufeff',
  '\u2028',
  '💥',
  '\\',
  '`',
  '@',
  'extends: ',
  'repeat: 10000',
  '{block: a}',
  'layers: ',
  'flatten',
  '4096',
  'extends: ../x',
  'type: ',
  'sgd',
  'relu',
  '=',
  '+',
  '++',
  '.',
];

/** mulberry32: small, seeded, good enough to pick cases. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Where doubles, integers and their texts change their nature. */
const NUMBERS = [
  0,
  0.1,
  0.5,
  1,
  1.5,
  5e-324,
  2.2250738585072014e-308,
  2 ** -53,
  1e-7,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 53 + 2,
  1e16,
  2 ** 63,
  2 ** 64,
  123456789012345680000,
  999999999999999900000,
  1e21,
  1e22,
  1e30,
  1e308,
  Number.MAX_VALUE,
] as const;

/** Keys of one map that rule each other out, and those that need each other. */
const EITHER = [
  ['batch_norm', 'layer_norm'],
  ['epochs', 'steps'],
  // Numbers that must go with each other.
  ['filters', 'groups'],
  ['kernel', 'padding'],
  ['filters', 'residual'],
] as const;
const BOTH = [['test_images', 'test_labels']] as const;

/** A double of any size: an exponent, then digits. */
function anyDouble(random: () => number): number {
  const magnitude = (1 + random()) * 2 ** Math.floor(random() * 2098 - 1074);
  return Math.min(magnitude, Number.MAX_VALUE);
}

/** Texts that mean a number: what gradloom writes, what JavaScript writes, and what a user may. */
export function textsOf(value: number): string[] {
  const exact = Number.isInteger(value) && Math.abs(value) < 1e21 ? [String(BigInt(value))] : [];
  return [String(value), value.toExponential(), JSON.stringify(value), ...exact];
}

/** Random doubles of both signs, some of them whole, and those where something changes. */
export function doubles(seed: number, count: number): number[] {
  const random = randomFrom(seed);
  const drawn = Array.from({ length: count }, () => anyDouble(random));
  return [...NUMBERS, ...drawn, ...drawn.map(() => Math.round(2 ** (50 + random() * 25)))].flatMap((value) => [value, -value]);
}

class Fuzzer {
  readonly #random: () => number;
  readonly #keys: string[] = [];
  readonly #collected = new Set<Outline>();
  readonly #mistakes: number;

  /** @param mistakes  how often something that does not belong there is written */
  constructor(seed: number, mistakes: number) {
    this.#mistakes = mistakes;
    this.#random = randomFrom(seed);
    this.#collectKeys(outline, '');
  }

  next(): FuzzCase {
    const text = this.#chance(0.4) ? this.#block(outline, 0) : this.#mutated(this.#pick(TEXTS));
    const overrides = this.#chance(0.3) ? Array.from({ length: 1 + this.#below(3) }, () => this.#override()) : [];
    return { text: this.#chance(0.2) ? this.#mutated(text) : text, overrides };
  }

  /** An experiment that is meant to be accepted, every key with any value of its range. */
  valid(): FuzzCase {
    return { text: this.#block(outline, 0), overrides: [] };
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #chance(p: number): boolean {
    return this.#random() < p;
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[this.#below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  #mutated(text: string): string {
    let result = text;
    for (let i = this.#below(2); i >= 0; i -= 1) result = this.#mutateOnce(result);
    return result;
  }

  #mutateOnce(text: string): string {
    const at = this.#below(text.length + 1);
    const end = Math.min(text.length, at + this.#below(12));
    switch (this.#below(7)) {
      case 0:
        return text.slice(0, at) + text.slice(end);
      case 1:
        return text.slice(0, at) + this.#pick(TOKENS) + text.slice(at);
      case 2:
        return text.slice(0, at) + this.#pick(TOKENS) + text.slice(end);
      case 3:
        return text.slice(0, at) + text.slice(this.#below(text.length), end) + text.slice(at);
      case 4:
        return text.slice(0, at) + this.#pick(TOKENS).repeat(this.#below(200)) + text.slice(at);
      case 5: {
        const lines = text.split('\n');
        const [line = ''] = lines.splice(this.#below(lines.length), 1);
        lines.splice(this.#below(lines.length), 0, ' '.repeat(this.#below(4)) + line.trim());
        return lines.join('\n');
      }
      default:
        return text.slice(0, at);
    }
  }

  #override(): string {
    const key = this.#chance(0.8) ? this.#pick(this.#keys).replaceAll('N', String(this.#below(4))) : this.#pick(TOKENS);
    const mark = this.#chance(0.3) ? this.#pick(['+', '++', '~']) : '';
    const value = this.#chance(0.5)
      ? this.#pick(TOKENS)
      : this.#scalar(this.#pick([{ type: 'integer' }, { type: 'number' }, { type: 'string' }]));
    return mark === '~' && this.#chance(0.9) ? mark + key : `${mark}${key}=${value}`;
  }

  /** A value in block style, of the schema but for a mistake here and there. */
  #block(at: Outline, indent: number): string {
    const map = this.#mapOf(at);
    if (this.#chance(this.#mistakes)) return ` ${this.#pick(TOKENS)}\n`;
    if (map?.properties !== undefined && !this.#chance(0.3 * Math.sign(indent))) {
      const keys = this.#keysOf(map);
      if (keys.length === 0) return ' {}\n';
      const lead = '  '.repeat(indent);
      return `${indent === 0 ? '' : '\n'}${keys.map(([key, child]) => `${lead}${this.#chance(this.#mistakes) ? this.#pick(TOKENS) : key}:${this.#block(child, indent + 1)}`).join('')}`;
    }
    return ` ${this.#flow(at)}\n`;
  }

  #flow(at: Outline): string {
    const map = this.#mapOf(at);
    if (at.items?.name === 'layer' && this.#mistakes === 0) return this.#layers(at.items, 2);
    if (at.items !== undefined)
      return `[${Array.from({ length: at.minItems === at.maxItems ? (at.minItems ?? 1) : 1 + this.#below(3) }, () => this.#flow(at.items ?? {})).join(', ')}]`;
    if (map?.properties === undefined) return this.#scalar(at);
    const keys = this.#keysOf(map);
    return `{${keys.map(([key, child]) => `${key}: ${this.#flow(child)}`).join(', ')}}`;
  }

  /** Layers that take what those before them give. */
  #layers(at: Outline, depth: number): string {
    const pictures = ['conv2d', 'max_pool2d', 'avg_pool2d'];
    const flat =
      depth > 0 && this.#chance(0.3) ? `{repeat: ${this.#below(3)}, layers: ${this.#layers(at, depth - 1)}}` : this.#layer(at, 'dense');
    if (this.#chance(0.5)) return `[${flat}, ${this.#layer(at, 'dense')}]`;
    const some = Array.from({ length: 1 + this.#below(2) }, () => this.#layer(at, this.#pick(pictures)));
    const form = `{type: reshape, shape: [${1 + this.#below(3)}, 28, 28]}`;
    return `[${[...(depth < 2 ? ['flatten', form] : []), ...some, this.#pick(['flatten', 'global_avg_pool']), flat, this.#layer(at, 'dense')].join(', ')}]`;
  }

  #layer(at: Outline, type: string): string {
    const variant = at.oneOf?.find(({ properties }) => properties?.['type']?.const === type);
    return this.#flow(variant ?? {});
  }

  /** Those it must have and some of the others; without mistakes, none that rule each other out. */
  #keysOf(map: Outline): [key: string, child: Outline][] {
    const all = Object.entries(map.properties ?? {});
    const drawn = all.filter(([key]) => map.required?.includes(key) === true || this.#chance(0.3));
    if (this.#mistakes > 0) return drawn;
    const names = new Set(drawn.map(([key]) => key));
    for (const [key, other] of EITHER) if (names.has(key)) names.delete(other);
    for (const [key, other] of BOTH) if (names.has(key) !== names.has(other)) names.add(key).add(other);
    return all.filter(([key]) => names.has(key));
  }

  #mapOf(at: Outline): Outline | undefined {
    if (at.properties !== undefined) return at;
    const maps = [...(at.oneOf ?? []), ...(at.anyOf ?? [])].filter((option) => option.properties !== undefined);
    return maps.length === 0 ? undefined : this.#pick(maps);
  }

  #scalar(at: Outline): string {
    if (this.#chance(this.#mistakes)) return this.#pick(TOKENS);
    if (at.const !== undefined) return String(at.const);
    if (at.enum !== undefined) return String(this.#pick(at.enum));
    if (at.type === 'boolean' && this.#mistakes === 0 && this.#chance(0.8)) return 'false';
    if (at.anyOf !== undefined) return this.#scalar(this.#pick(at.anyOf));
    if (at.type === 'integer' && this.#chance(0.8) && (at.maximum ?? 20) >= 20) return String(1 + this.#below(20));
    if (at.type === 'number' && this.#chance(50 * this.#mistakes)) return this.#pick(['0.5', '1', '0.25', '1e-3', '2.5']);
    if (at.type === 'integer' || at.type === 'number') return this.#numberOf(at);
    if (at.type === 'boolean') return this.#pick(['true', 'false']);
    if (at.pattern?.includes('{64}') === true) return '0a'.repeat(32);
    if (at.pattern?.startsWith('^top') === true) return 'top2_accuracy';
    return this.#pick(['a', 'b-c', '"d"', "'e'", 'x.gz']);
  }

  /** A number of the key's range, in one of the forms that mean it. */
  #numberOf(at: Outline): string {
    const least = at.minimum ?? at.exclusiveMinimum ?? -Number.MAX_VALUE;
    const most = at.maximum ?? at.exclusiveMaximum ?? Number.MAX_VALUE;
    const sign = least < 0 && this.#chance(0.5) ? -1 : 1;
    const drawn = sign * (this.#chance(0.3) ? this.#pick(NUMBERS) : anyDouble(this.#random));
    const inside = Math.min(most, Math.max(least, this.#chance(0.2) ? this.#pick([least, most]) : drawn));
    return this.#pick(textsOf(at.type === 'integer' ? Math.round(inside) : inside));
  }

  #collectKeys(at: Outline, path: string): void {
    // What can hold itself is looked into once.
    if (at.name !== undefined && this.#collected.has(at)) return;
    this.#collected.add(at);
    if (path !== '') this.#keys.push(path);
    const below = path === '' ? '' : `${path}.`;
    if (at.items !== undefined) this.#collectKeys(at.items, `${below}N`);
    for (const option of [...(at.oneOf ?? []), ...(at.anyOf ?? [])]) if (option.properties !== undefined) this.#collectKeys(option, path);
    for (const [key, child] of Object.entries(at.properties ?? {})) this.#collectKeys(child, below + key);
  }
}

/** What a case does wrong; undefined when it is accepted or refused as it should. */
function faultOf(fuzzCase: FuzzCase): { fault: string | undefined; accepted: boolean } {
  let loaded: LoadedExperiment;
  try {
    loaded = parseExperiment(fuzzCase.text, { file: 'fuzz.yaml', overrides: fuzzCase.overrides });
  } catch (error) {
    if (!(error instanceof GradloomError))
      return { fault: `threw ${error instanceof Error ? error.stack : String(error)}`, accepted: false };
    const lost = error.problems.find(({ where }) => where === undefined || !/^(?:[^:]+\.yaml:\d+:\d+|command line: )/.test(where));
    if (lost !== undefined) return { fault: `no position: ${lost.code} ${lost.where} ${lost.message}`, accepted: false };
    return { fault: error.exitCode === 78 ? undefined : `exit code ${error.exitCode}`, accepted: false };
  }
  const text = resolvedYaml(loaded);
  try {
    const again = parseExperiment(text, { file: 'again.yaml' });
    // Of the same keys in the same order comes the same text: written again only where that may not be so.
    const sameText = JSON.stringify(again.experiment) === JSON.stringify(loaded.experiment) || resolvedYaml(again) === text;
    const same = sameText && isDeepStrictEqual(again.experiment, loaded.experiment);
    const read = readBlockYaml(text);
    // The fast reader may give up, but not read anything else.
    const sameFast = read === undefined || isDeepStrictEqual(read, JSON.parse(JSON.stringify(loaded.experiment)));
    if (same && sameFast) return { fault: undefined, accepted: true };
    return { fault: `resolves to another experiment:\n${text}\n---\n${resolvedYaml(again)}`, accepted: true };
  } catch (error) {
    return { fault: `its resolved text is refused: ${String(error)}\n${text}`, accepted: true };
  }
}

/** Loads random and mutated experiments; the same seed gives the same cases. */
export function fuzz(seed: number, count: number): FuzzReport {
  const fuzzer = new Fuzzer(seed, 0.01);
  return judge(seed, count, () => fuzzer.next());
}

/** Loads random experiments without mistakes, whose numbers are of any size that a key allows, until so many are accepted. */
export function roundTrips(seed: number, accepted: number): FuzzReport {
  const fuzzer = new Fuzzer(seed, 0);
  return judge(seed, accepted, () => fuzzer.valid(), true);
}

/** @param onlyAccepted  what is refused does not count */
function judge(seed: number, count: number, next: () => FuzzCase, onlyAccepted = false): FuzzReport {
  const report: FuzzReport = { accepted: 0, rejected: 0, slowestMs: 0, failures: [] };
  for (let i = 0; report.accepted + (onlyAccepted ? 0 : report.rejected) < count; i += 1) {
    const fuzzCase = next();
    // Of the processor, not of the clock: other processes may hold it.
    const start = process.cpuUsage();
    const { fault, accepted } = faultOf(fuzzCase);
    const { user, system } = process.cpuUsage(start);
    const took = (user + system) / 1000;
    report.slowestMs = Math.max(report.slowestMs, took);
    if (accepted) report.accepted += 1;
    else report.rejected += 1;
    const wrong = fault ?? (took > LIMIT_MS ? `took ${took.toFixed(0)} ms` : undefined);
    if (wrong !== undefined) report.failures.push(`case ${i} of seed ${seed}: ${wrong}\n${JSON.stringify(fuzzCase)}`);
  }
  return report;
}
