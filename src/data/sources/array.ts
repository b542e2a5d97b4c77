import { elements } from '../../graph/shape.ts';
import type { Dataset } from '../dataset.ts';
import type { Features } from '../samples.ts';

/** Features that are numbers of a fixed shape, as the source has them. */
export function ofArray(features: Dataset['features'], shape: readonly number[], scaling: Features['scaling']): Features {
  const stored = features instanceof Uint8Array ? 'u8' : 'f32';
  return {
    features,
    featureCount: elements(shape),
    sampleShape: shape,
    input: { kind: 'array', shape: [...shape], stored },
    scaling,
  };
}

/** `0`, `1` ... (`y0`, `y1` ...): names for what has none. */
export function numbered(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}
