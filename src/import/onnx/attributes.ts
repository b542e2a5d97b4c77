import type { OnnxNode } from './proto.ts';

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
