import type { OnnxNode, OnnxTensor } from './proto.ts';

/** A number that a node may carry, or what the operator takes it to be otherwise. */
export function floatOf({ attributes }: OnnxNode, name: string, otherwise: number): number {
  const found = attributes.get(name);
  return found?.type === 'float' ? found.value : otherwise;
}

/** As `floatOf`, of whole numbers. */
export function intOf({ attributes }: OnnxNode, name: string, otherwise: number): number {
  const found = attributes.get(name);
  return found?.type === 'int' ? found.value : otherwise;
}

/** Whole numbers that a node may carry. */
export function intsOf({ attributes }: OnnxNode, name: string): number[] | undefined {
  const found = attributes.get(name);
  return found?.type === 'ints' ? found.value : undefined;
}

/**
 * Axes that a node names, by an attribute or, in newer versions, by an input; negative ones count from the end.
 *
 * @param rank  of what they are axes of
 */
export function axesOf(node: OnnxNode, input: { values: ArrayLike<number> } | undefined, rank: number): number[] {
  return Array.from(intsOf(node, 'axes') ?? input?.values ?? [], (axis) => (axis < 0 ? axis + rank : axis));
}

/** What a node `Constant` stands for; undefined where it is said in a way that is not read. */
export function constantOf({ name, attributes }: OnnxNode): OnnxTensor | undefined {
  const value = attributes.get('value');
  if (value?.type === 'tensor') return value.value;
  const float = attributes.get('value_float');
  return float?.type === 'float' ? { name, dims: [], values: Float32Array.of(float.value) } : undefined;
}

/** What is said of a constant that is not read. */
export const ODD_CONSTANT = 'a constant of a kind that is not read; expected a tensor';
