import { featureCount, featureNames, type InputSpec } from '../../data/preprocess/preprocess.ts';
import { toStored } from '../../graph/layout.ts';
import type { LayerOp } from '../../graph/op.ts';
import { transpose } from '../../graph/transpose.ts';
import type { Window } from '../../graph/window.ts';
import { type ExportModel, outcomeOf, outputsOf, shapeOf, tensorOf } from '../model.ts';
import { type FunctionName, functionsText } from './functions.ts';
import { halfBits } from './half.ts';
import { encodeText, needsEncode } from './rows.ts';

export interface ModuleOptions {
  dtype: 'f32' | 'f16';
  raw: boolean;
  /** The name of the file, as others import it. */
  file: string;
  /** Of gradloom. */
  version: string;
}

/**
 * A model as the text of one ES module: what computes it as plain JavaScript, and the weights, base64, at its end. It imports nothing and
 * uses nothing but what every engine has.
 */
export function moduleText(model: ExportModel, { dtype, raw, file, version }: ModuleOptions): string {
  const body = new Body(model);
  const { preprocess, graph } = model;
  const outcome = outcomeOf(model);
  const features = featureCount(preprocess.input);
  body.input(raw);
  for (const op of graph.ops) body.op(op);
  const isClassified = outcome.classes !== undefined;
  const returned = outcome.kind === 'value' ? 'y' : 'probabilities';
  const result = `{${isClassified ? 'label: number, class: string, ' : ''}${returned}: number[]}`;
  const encode = needsEncode(preprocess) && !raw;
  return `${header(model, version, { raw, file, encode, returned })}

/** Names of the ${isClassified ? 'classes, by their numbers' : 'outputs, in their order'}. */
export const ${isClassified ? 'classes' : 'targets'} = ${list(outcome.names)};

/** Names of the numbers of a row, in their order${raw ? '; they are normalised already' : ''}. */
export const features = ${featuresText(preprocess.input)};

/**
 * What the model says of rows.
 *
 * @param {ArrayLike<number>[]} rows  each with ${features} numbers, in the order of \`features\`
 * @returns {${result}[]} ${isClassified ? "the class's number and name, and " : ''}${outcome.kind === 'value' ? 'the values in the order of the outputs' : 'a probability for each name'}
 * @throws {TypeError} if a row has another length, or something in it is no number
 */
export function predict(rows) {
  return rows.map((row, r) => {
    if (row.length !== features.length) {
      throw new TypeError(\`row \${r} has \${row.length} values, expected \${features.length}: \${features.slice(0, 5).join(', ')} ...\`);
    }
    for (let i = 0; i < row.length; i++) {
      if (typeof row[i] !== 'number') throw new TypeError(\`row \${r}, \${features[i]}: \${String(row[i])}, expected a number\`);
    }
    return outcome(forward(Float32Array.from(row)));
  });
}
${encode ? `\n${encodeText(preprocess)}\n` : ''}
/** The network's ${outputsOf(graph)} outputs for a row${raw ? '' : ', which is normalised first'}: f32, in the order of the sums of training. */
function forward(x) {
${body.lines.map((line) => `  ${line}`).join('\n')}
  return ${body.resultOf(graph.output)};
}

${outcomeText(outcome.kind, isClassified)}

${functionsText(body.used)}
${dtype === 'f16' ? READ_HALVES : READ_FLOATS}
${body.normalization.length === 0 ? '' : arraysText('f32', 'normalization', body.normalization)}${arraysText(dtype, 'weights', body.tensors)}`;
}

/** Names for the arrays of a text, and the text itself. */
function arraysText(dtype: ModuleOptions['dtype'], text: string, arrays: readonly NamedArray[]): string {
  return `
const [${arrays.map(({ variable }) => variable).join(', ')}] = ${dtype === 'f32' ? 'floats' : 'halves'}(${text}(), [
  ${arrays.map(({ values }) => values.length).join(', ')},
]);

/** ${dtype}, little-endian, base64. */
function ${text}() {
  return '${base64(
    arrays.map(({ values }) => values),
    dtype,
  )}';
}
`;
}

const READ_FLOATS = `/** Arrays out of a text, one after the other. */
function floats(text, lengths) {
  const view = new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  let at = 0;
  return lengths.map((length) => Float32Array.from({ length }, () => view.getFloat32(4 * at++, true)));
}`;

const READ_HALVES = `${READ_FLOATS}

/** The same for numbers of two bytes. */
function halves(text, lengths) {
  const view = new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  let at = 0;
  return lengths.map((length) => Float32Array.from({ length }, () => half(view.getUint16(2 * at++, true))));
}

/** The value of an f16. */
function half(bits) {
  const exponent = (bits >> 10) & 31, fraction = bits & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}`;

function header(
  model: ExportModel,
  version: string,
  { raw, file, encode, returned }: { raw: boolean; file: string; encode: boolean; returned: string },
): string {
  // What a name could do to a comment.
  const quoted = (text: string): string => JSON.stringify(text).replaceAll('*/', '*\\/');
  return `/**
 * The network ${quoted(model.name)}, exported by gradloom ${version}. No dependencies: Node, Deno, Bun and browsers import it as it is.
 *
 *   import { predict${encode ? ', encode' : ''} } from ${quoted(`./${file}`)};
 *   const [{ ${returned} }] = predict([${encode ? 'encode({ ... })' : '[ ... ]'}]);
 *
 * Rows are ${raw ? 'normalised already' : 'raw: as they stood in the data, not normalised'}.
 */`;
}

const list = (names: readonly string[]): string => JSON.stringify(names).replaceAll('","', '", "');

/** Bare numbers have names of one form. */
function featuresText(input: InputSpec): string {
  return input.kind === 'table' ? list(featureNames(input)) : `Array.from({ length: ${featureCount(input)} }, (_, i) => \`x\${i}\`)`;
}

function outcomeText(kind: ReturnType<typeof outcomeOf>['kind'], isClassified: boolean): string {
  const values = {
    softmax:
      '  const largest = x.reduce((a, b) => Math.max(a, b));\n  const terms = Array.from(x, (value) => Math.exp(value - largest));\n  const total = terms.reduce((sum, term) => sum + term, 0);\n  const probabilities = terms.map((term) => term / total);',
    sigmoid: '  const probabilities = Array.from(x, (value) => 1 / (1 + Math.exp(-value)));',
    pair: '  const probabilities = [1 / (1 + Math.exp(x[0])), 1 / (1 + Math.exp(-x[0]))];',
    value: '  const y = Array.from(x);',
  }[kind];
  const returned = kind === 'value' ? 'y' : 'probabilities';
  const label = kind === 'pair' ? 'x[0] > 0 ? 1 : 0' : 'x.indexOf(x.reduce((a, b) => Math.max(a, b)))';
  return `/** What the network's outputs mean. */
function outcome(x) {
${values}
${isClassified ? `  const label = ${label};\n  return { label, class: classes[label], ${returned} };` : `  return { ${returned} };`}
}`;
}

interface NamedArray {
  variable: string;
  values: Float32Array;
}

/** The lines of `forward`, and the arrays that they need. */
class Body {
  readonly lines: string[] = [];
  readonly tensors: NamedArray[] = [];
  /** Never rounded to f16: differences of large numbers. */
  readonly normalization: NamedArray[] = [];
  readonly used = new Set<FunctionName>();
  readonly #model: ExportModel;
  readonly #names = new Map<string, string>();

  constructor(model: ExportModel) {
    this.#model = model;
  }

  resultOf(tensor: string): string {
    const found = this.#names.get(tensor);
    if (found === undefined) throw new RangeError(`nothing made ${tensor}`);
    return found;
  }

  input(raw: boolean): void {
    const { normalization } = this.#model.preprocess;
    const { input } = this.#model.graph;
    this.#names.set(input, 'x');
    if (raw) return;
    if (normalization.kind === 'affine') {
      this.normalization.push({ variable: 'center', values: Float32Array.from(normalization.center) });
      this.normalization.push({ variable: 'scale', values: Float32Array.from(normalization.scale) });
      this.#call(input, 'standardise', ['x', 'center', 'scale']);
    } else if (normalization.divisor !== 1) this.#call(input, 'divide', ['x', String(Math.fround(normalization.divisor))]);
  }

  op(op: LayerOp): void {
    const x = this.resultOf(op.x);
    switch (op.type) {
      case 'dense':
        this.#call(op.y, 'dense', [x, this.#tensor(op.weight, op.isPicture ? 'rows' : 'outside'), this.#tensor(op.bias)]);
        return;
      case 'conv': {
        const tensors = [this.#tensor(op.weight, 'stored'), op.bias === undefined ? 'null' : this.#tensor(op.bias)];
        this.#call(op.y, 'conv', [x, ...tensors, windowText(op.window), String(op.filters), String(op.groups)]);
        return;
      }
      case 'pool':
        this.#call(op.y, op.function === 'max' ? 'maxPool' : 'avgPool', [x, windowText(op.window)]);
        return;
      case 'swap_axes':
        if (op.extents.includes(1)) this.#names.set(op.y, x);
        else this.#call(op.y, 'swapAxes', [x, ...op.extents.map(String)]);
        return;
      case 'batch_norm': {
        const names = [op.runningMean, op.runningVar, op.weight, op.bias];
        this.#call(op.y, 'batchNorm', [x, ...names.map((name) => this.#tensor(name)), String(op.eps)]);
        return;
      }
      case 'layer_norm':
        this.#call(op.y, 'layerNorm', [x, this.#tensor(op.weight, 'stored'), this.#tensor(op.bias, 'stored'), String(op.eps)]);
        return;
      case 'activation': {
        const act = op.function;
        if (act.type === 'leaky_relu') this.#call(op.y, 'leakyRelu', [x, String(Math.fround(act.slope))]);
        else this.#call(op.y, act.type, [x]);
        return;
      }
      case 'add':
        this.#call(op.y, 'add', [x, this.resultOf(op.other)]);
        return;
      case 'dropout':
        // Does nothing outside of training.
        this.#names.set(op.y, x);
        return;
    }
  }

  #call(y: string, name: FunctionName, args: string[]): void {
    this.used.add(name);
    const variable = `h${this.lines.length}`;
    this.lines.push(`const ${variable} = ${name}(${args.join(', ')});`);
    this.#names.set(y, variable);
  }

  /**
   * `layers.0.norm.weight` as `layer0_norm_weight`.
   *
   * @param order  of its values: PyTorch's, the engine's with channels last, or that with a row for each unit
   */
  #tensor(name: string, order: 'outside' | 'stored' | 'rows' = 'outside'): string {
    const variable = name.replace(/^layers\./, 'layer').replaceAll('.', '_');
    const values = tensorOf(this.#model, name);
    const layout = this.#model.graph.parameters.find((tensor) => tensor.name === name)?.layout;
    const stored = order === 'outside' || layout === undefined ? values : toStored(values, layout);
    const [units = 1] = shapeOf(this.#model, name);
    this.tensors.push({ variable, values: order === 'rows' ? transpose(stored, stored.length / units, units) : stored });
    return variable;
  }
}

function windowText({ height, width, channels, kernel, stride, dilation, padding, outHeight, outWidth }: Window): string {
  const pair = (extents: readonly number[]): string => `[${extents.join(', ')}]`;
  const moves = `kernel: ${pair(kernel)}, stride: ${pair(stride)}, dilation: ${pair(dilation)}, padding: ${pair(padding)}`;
  return `{ height: ${height}, width: ${width}, channels: ${channels}, ${moves}, out: ${pair([outHeight, outWidth])} }`;
}

function base64(arrays: readonly Float32Array[], dtype: ModuleOptions['dtype']): string {
  const parts = arrays.map((values) => {
    const array = dtype === 'f32' ? values : Uint16Array.from(values, halfBits);
    return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  });
  return Buffer.concat(parts).toString('base64');
}
