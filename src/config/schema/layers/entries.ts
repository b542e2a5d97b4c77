import * as z from 'zod';
import { object } from '../parts/parts.ts';
import { activation } from './activation.ts';
import { conv1dLayer, conv2dLayer } from './convolution.ts';
import { denseLayer } from './dense.ts';
import { flattenLayer, reshapeLayer } from './form.ts';
import { initializer } from './initializer.ts';
import { batchNorm } from './norm.ts';
import { avgPool1dLayer, avgPool2dLayer, globalAvgPoolLayer, maxPool1dLayer, maxPool2dLayer } from './pooling.ts';

const layerTypes = [
  denseLayer,
  conv2dLayer,
  conv1dLayer,
  maxPool2dLayer,
  avgPool2dLayer,
  maxPool1dLayer,
  avgPool1dLayer,
  globalAvgPoolLayer,
  flattenLayer,
  reshapeLayer,
] as const;

/** A layer by itself. */
export type LayerConfig = z.output<(typeof layerTypes)[number]>;

/** An entry of a list of layers: a layer, or several. */
export type LayerEntry = LayerConfig | RepeatEntry | BlockEntry | ResidualEntry;

/** The layers stand in one of the two places. */
export interface RepeatEntry {
  type: 'repeat';
  repeat: number | { times: number; layers: LayerEntry[] };
  layers?: LayerEntry[] | undefined;
}

export interface BlockEntry {
  type: 'block';
  block: string;
}

export interface ResidualEntry {
  type: 'residual';
  residual: { layers: LayerEntry[] } & ResidualSettings;
}

/** An entry as the schema takes it: whatever has a default may be left out. */
type GivenEntry =
  | z.input<(typeof layerTypes)[number]>
  | { type: 'repeat'; repeat: number | { times: number; layers: GivenEntry[] }; layers?: GivenEntry[] | undefined }
  | BlockEntry
  | { type: 'residual'; residual: { layers: GivenEntry[] } & z.input<typeof residualSchema> };

const entry: z.ZodType<LayerEntry, GivenEntry> = z.lazy(() =>
  z.discriminatedUnion('type', [...layerTypes, repeatEntry, blockEntry, residualEntry]).meta({ name: 'layer' }),
);
/** Longer lists are written with `repeat`. */
const MOST_ENTRIES = 1000;

/** Layers one after the other. */
export const layerList = z.array(entry).min(1).max(MOST_ENTRIES);

const times = z.int().min(0).max(10_000);

const repeatEntry = object({
  type: z.literal('repeat'),
  repeat: z
    .union([times, object({ times: times.describe('how many times; 0: not at all'), layers: layerList.describe('what is repeated') })])
    .describe('how many times; or a map with times and layers'),
  layers: layerList.optional().describe('what is repeated, each time with weights of its own'),
})
  .describe('layers several times, one behind the other')
  .meta({ impliedBy: 'repeat' });

const blockEntry = object({
  type: z.literal('block'),
  block: z.string().min(1).max(100).describe('its name in model.blocks'),
})
  .describe('the layers of a block, with weights of their own at each place')
  .meta({ impliedBy: 'block' });

const residualSettings = {
  projection: z
    .union([z.literal('auto'), z.boolean()])
    .default('auto')
    .describe('a convolution of kernel 1 that gives what goes in the shape of what comes out; auto: only where the two differ'),
  batch_norm: batchNorm.describe('normalises each channel of the projection, which then has no bias'),
  activation: activation.prefault({ type: 'identity' }).describe('applied to the sum'),
  init: initializer.optional().describe('overrides model.init for the projection'),
};
const residualSchema = object(residualSettings);

/** What a residual connection does where it ends: `activation(inner + projection(x))`. */
export type ResidualSettings = z.output<typeof residualSchema>;

const residualEntry = object({
  type: z.literal('residual'),
  residual: object({ layers: layerList.describe('what the input is led past'), ...residualSettings }).describe(
    'the layers, and how their input is added',
  ),
})
  .describe('layers whose input is added to their output')
  .meta({ impliedBy: 'residual' });
