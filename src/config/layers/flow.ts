import type { FlatLayer } from './flat-layers.ts';

/** What goes from one layer to the next, as far as it is known without the data. */
export interface Flow {
  form: 'flat' | 'sequence' | 'picture' | undefined;
  /** Channels of a picture or a sequence; all values of what is flat. */
  width: number | undefined;
}

/** Of the network's input. */
export const UNKNOWN: Flow = { form: undefined, width: undefined };

/** The form that a type of layer takes; undefined where it takes any. */
export const TAKES: Readonly<Record<string, 'sequence' | 'picture'>> = {
  conv2d: 'picture',
  max_pool2d: 'picture',
  avg_pool2d: 'picture',
  conv1d: 'sequence',
  max_pool1d: 'sequence',
  avg_pool1d: 'sequence',
};

/**
 * What a layer makes of what goes in.
 *
 * @param read  the value of one of its keys
 */
export function flowAfter(type: unknown, read: (key: string) => unknown, before: Flow): Flow {
  const number = (key: string): number | undefined => {
    const value = read(key);
    return typeof value === 'number' ? value : undefined;
  };
  switch (type) {
    case 'dense':
      return { form: 'flat', width: number('units') };
    case 'conv2d':
    case 'conv1d':
      return { form: TAKES[type], width: number('filters') };
    case 'max_pool2d':
    case 'avg_pool2d':
    case 'max_pool1d':
    case 'avg_pool1d':
      return { form: TAKES[type], width: before.form === 'flat' ? undefined : before.width };
    case 'global_avg_pool':
      return { form: 'flat', width: before.form === 'flat' ? undefined : before.width };
    case 'flatten':
      return before.form === 'flat' ? before : { form: 'flat', width: undefined };
    case 'reshape': {
      const shape = read('shape');
      if (!Array.isArray(shape)) return UNKNOWN;
      const [channels] = shape as readonly unknown[];
      return { form: shape.length === 3 ? 'picture' : 'sequence', width: typeof channels === 'number' ? channels : undefined };
    }
    case 'residual':
      return before;
    default:
      return UNKNOWN;
  }
}

/** Values that the last layer gives; undefined where only the data tells. */
export function outputsOf(layers: readonly FlatLayer[]): number | undefined {
  const { form, width } = layers.reduce<Flow>(
    (before, { config }) => flowAfter(config.type, (key) => Object.entries(config).find(([name]) => name === key)?.[1], before),
    UNKNOWN,
  );
  return form === 'flat' ? width : undefined;
}
