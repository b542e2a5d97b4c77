import { GradloomError, printable } from '../../../errors.ts';
import { erf } from '../../../graph/ops/erf.ts';
import { elements } from '../../../graph/shape.ts';
import { axesOf, constantOf, floatOf, intOf, ODD_CONSTANT } from '../attributes.ts';
import { DATA_TYPES, type OnnxModel, type OnnxNode } from '../proto.ts';
import { repeatedAt } from '../repeat.ts';
import { at, given, nodeError, type OnnxArray, type Operator, type Values } from './operator.ts';
import { PICTURE_OPERATORS } from './pictures.ts';

const { fround } = Math;

/**
 * Computes an ONNX graph node by node, each as the operator's page has it, in f32: slow, and with nothing in common with what wrote or will
 * run the file. It knows the operators that gradloom's layers are made of.
 *
 * @throws GradloomError E_ONNX naming the node
 */
export function interpretOnnx(model: OnnxModel, inputs: ReadonlyMap<string, OnnxArray>): Map<string, OnnxArray> {
  const known = new Map<string, OnnxArray>(inputs);
  for (const { name, dims, values } of model.initializers.values()) known.set(name, { dims, values });
  const isDone = (): boolean => model.outputs.every(({ name }) => known.has(name));
  for (const node of model.nodes) {
    if (isDone()) break;
    const args = node.inputs.map((name) => {
      const found = known.get(name);
      if (found === undefined && name !== '') throw nodeError(node, `reads ${name}, which nothing before it makes`);
      return found as OnnxArray;
    });
    const run = OPERATORS[node.op];
    if (run === undefined) throw nodeError(node, 'is no operator that is known here');
    known.set(node.outputs[0] as string, run(args, node));
  }
  return new Map(
    model.outputs.map(({ name }) => {
      const found = known.get(name);
      if (found === undefined)
        throw new GradloomError({ code: 'E_ONNX', where: 'the graph', message: `nothing makes its output ${printable(name)}` });
      return [name, found];
    }),
  );
}

const map =
  (f: (x: number, node: OnnxNode) => number): Operator =>
  ([x], node) => ({ dims: given(x, node).dims, values: Float32Array.from(given(x, node).values, (value) => f(value, node)) });

const pairs =
  (f: (a: number, b: number) => number): Operator =>
  ([a, b], node) =>
    broadcast(given(a, node), given(b, node), f, node);

const same: Operator = ([x], node) => given(x, node);

const logistic = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));

const OPERATORS: Readonly<Record<string, Operator>> = {
  ...PICTURE_OPERATORS,
  Add: pairs((a, b) => a + b),
  Sub: pairs((a, b) => a - b),
  Mul: pairs((a, b) => a * b),
  Div: pairs((a, b) => a / b),
  Greater: pairs((a, b) => (a > b ? 1 : 0)),
  Relu: map((x) => Math.max(0, x)),
  LeakyRelu: map((x, node) => (x > 0 ? x : x * floatOf(node, 'alpha', 0.01))),
  Sigmoid: map(logistic),
  Tanh: map(Math.tanh),
  Erf: map(erf),
  Gelu: map((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  Constant: (_, node) => {
    const value = constantOf(node);
    if (value === undefined) throw nodeError(node, ODD_CONSTANT);
    return value;
  },
  Identity: same,
  Dropout: same,
  Cast: ([x], node) =>
    intOf(node, 'to', DATA_TYPES.float) === DATA_TYPES.int64
      ? { dims: given(x, node).dims, values: Array.from(given(x, node).values) }
      : given(x, node),
  Flatten: ([x], node) => {
    const { dims, values } = given(x, node);
    const axis = intOf(node, 'axis', 1);
    return { dims: [elements(dims.slice(0, axis)), elements(dims.slice(axis))], values };
  },
  Reshape: ([x, shape], node) => {
    const { dims, values } = given(x, node);
    const wanted = Array.from(given(shape, node).values, (extent, i) => (extent === 0 ? (dims[i] as number) : extent));
    const rest = values.length / Math.abs(elements(wanted));
    return { dims: wanted.map((extent) => (extent === -1 ? rest : extent)), values };
  },
  Squeeze: ([x, axes], node) => {
    const { dims, values } = given(x, node);
    const gone = new Set(axesOf(node, axes, dims.length));
    return { dims: dims.filter((extent, axis) => (gone.size === 0 ? extent !== 1 : !gone.has(axis))), values };
  },
  Unsqueeze: ([x, axes], node) => {
    const { dims, values } = given(x, node);
    const grown = [...dims];
    for (const axis of axesOf(node, axes, dims.length + 1).toSorted((a, b) => a - b)) grown.splice(axis, 0, 1);
    return { dims: grown, values };
  },
  Concat: (inputs, node) => {
    if (intOf(node, 'axis', 1) !== 1) throw nodeError(node, 'joins along another axis than 1');
    const rows = inputs[0]?.dims[0] ?? 0;
    const widths = inputs.map(({ values }) => values.length / rows);
    const parts = Array.from({ length: rows }, (_, r) =>
      inputs.flatMap(({ values }, i) => Array.from(values.slice(r * (widths[i] as number), (r + 1) * (widths[i] as number)))),
    );
    return { dims: [rows, widths.reduce((sum, width) => sum + width, 0)], values: Float32Array.from(parts.flat()) };
  },
  MatMul: ([x, w], node) => product(given(x, node), given(w, node), undefined, false, node),
  Gemm: ([x, w, b], node) => product(given(x, node), given(w, node), b, intOf(node, 'transB', 0) === 1, node),
  BatchNormalization: ([x, gamma, beta, mean, variance], node) => {
    const eps = floatOf(node, 'epsilon', 1e-5);
    const [g, b, m, v] = [gamma, beta, mean, variance].map((one) => given(one, node).values) as [Values, Values, Values, Values];
    const inverse = Float32Array.from(v, (value) => 1 / Math.sqrt(value + eps));
    const { dims, values } = given(x, node);
    // The units are the axis behind the rows.
    const [units, places] = [dims[1] ?? 1, elements(dims.slice(2))];
    const normalised = Float32Array.from(values, (z, i) => {
      const u = Math.floor(i / places) % units;
      return fround(at(g, u) * fround(fround(z - at(m, u)) * at(inverse, u))) + at(b, u);
    });
    return { dims, values: normalised };
  },
  LayerNormalization: ([x, gamma, beta], node) => {
    const eps = floatOf(node, 'epsilon', 1e-5);
    const { dims, values } = given(x, node);
    const axis = intOf(node, 'axis', -1);
    const width = elements(dims.slice(axis));
    const g = given(gamma, node).values;
    const normalised = rowwise({ dims: [values.length / width, width], values }, (row) => {
      const mean = row.reduce((sum, z) => sum + z, 0) / row.length;
      const std = Math.sqrt(row.reduce((sum, z) => sum + (z - mean) ** 2, 0) / row.length + eps);
      return row.map((z, u) => (at(g, u) * (z - mean)) / std + (beta === undefined ? 0 : at(beta.values, u)));
    });
    return { dims, values: normalised.values };
  },
  Softmax: ([x], node) =>
    rowwise(given(x, node), (row) => {
      const largest = Math.max(...row);
      const terms = row.map((z) => Math.exp(z - largest));
      const total = terms.reduce((sum, term) => sum + term, 0);
      return terms.map((term) => term / total);
    }),
  ArgMax: ([x], node) => {
    const { dims, values } = given(x, node);
    const [rows = 0, width = 0] = dims;
    const labels = Array.from({ length: rows }, (_, r) => {
      const row = Array.from(values.slice(r * width, (r + 1) * width));
      return row.indexOf(Math.max(...row));
    });
    return { dims: intOf(node, 'keepdims', 1) === 1 ? [rows, 1] : [rows], values: labels };
  },
};

/** x [N, K] by w [K, O], or [O, K] transposed, plus b: each element a sum in the order of k, then the bias, as in training. */
function product(x: OnnxArray, w: OnnxArray, b: OnnxArray | undefined, transposed: boolean, node: OnnxNode): OnnxArray {
  const [rows = 0, depth = 0] = x.dims;
  const [k, width] = transposed ? [w.dims[1], w.dims[0]] : [w.dims[0], w.dims[1]];
  if (x.dims.length !== 2 || w.dims.length !== 2 || k !== depth || width === undefined) {
    throw nodeError(node, `multiplies [${x.dims.join(', ')}] by [${w.dims.join(', ')}]`);
  }
  if (intOf(node, 'transA', 0) === 1) throw nodeError(node, 'transposes its input');
  const [step, next] = transposed ? [1, depth] : [width, 1];
  const values = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < width; o++) {
      let sum = 0;
      for (let i = 0, p = o * next; i < depth; i++, p += step) sum = fround(sum + fround(at(x.values, r * depth + i) * at(w.values, p)));
      values[r * width + o] = b === undefined ? sum : sum + at(b.values, o);
    }
  }
  return { dims: [rows, width], values };
}

function rowwise({ dims, values }: OnnxArray, f: (row: number[]) => number[]): OnnxArray {
  const width = dims.at(-1) ?? 1;
  const result = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += width) result.set(f(Array.from(values.slice(from, from + width))), from);
  return { dims, values: result };
}

/** numpy's rule: shapes are compared from their ends, and an extent of 1 is repeated. */
function broadcast(a: OnnxArray, b: OnnxArray, f: (a: number, b: number) => number, node: OnnxNode): OnnxArray {
  const rank = Math.max(a.dims.length, b.dims.length);
  const [left, right] = [a, b].map(({ dims }) => [...Array<number>(rank - dims.length).fill(1), ...dims]) as [number[], number[]];
  const dims = left.map((extent, i) => {
    const other = right[i] as number;
    if (extent !== other && extent !== 1 && other !== 1)
      throw nodeError(node, `shapes [${a.dims.join(', ')}] and [${b.dims.join(', ')}] do not fit`);
    return extent === 1 ? other : extent;
  });
  return {
    dims,
    values: Float32Array.from({ length: elements(dims) }, (_, i) =>
      f(at(a.values, repeatedAt(left, dims, i)), at(b.values, repeatedAt(right, dims, i))),
    ),
  };
}
