import * as z from 'zod';
import { idxSource } from './idx.ts';
import { mnistSource } from './mnist.ts';
import { npySource, npzSource } from './numpy.ts';
import { syntheticSource } from './synthetic.ts';

/** Every kind of `data.source`, by its `type`. */
export const source = z.discriminatedUnion('type', [mnistSource, idxSource, npySource, npzSource, syntheticSource]);
