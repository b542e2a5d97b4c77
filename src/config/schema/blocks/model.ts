import * as z from 'zod';
import { layerList } from '../layers/entries.ts';
import { initializer } from '../layers/initializer.ts';
import { object } from '../parts/parts.ts';

/** Names of blocks can be parts of an override. */
const blockName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,99}$/)
  .meta({ form: "letters, digits, '_' and '-', with a letter first" });

export const model = object({
  init: initializer.prefault({ type: 'torch_linear' }).describe('how weights start; biases start at 0 except with torch_linear'),
  layers: layerList.describe('from the input to the output; the last one gives the predictions'),
  blocks: z.record(blockName, layerList).optional().describe('lists of layers by name, which {block: name} among the layers stands for'),
});
