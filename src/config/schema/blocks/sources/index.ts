import * as z from 'zod';
import { arraysSource } from './arrays.ts';
import { csvSource } from './csv.ts';
import { idxSource } from './idx.ts';
import { imagesSource } from './images.ts';
import { mnistSource } from './mnist.ts';
import { npySource, npzSource } from './numpy.ts';
import { parquetSource } from './parquet.ts';
import { syntheticSource } from './synthetic.ts';

/** Every kind of `data.source`, by its `type`. */
export const source = z.discriminatedUnion('type', [
  mnistSource,
  idxSource,
  csvSource,
  parquetSource,
  npySource,
  npzSource,
  arraysSource,
  imagesSource,
  syntheticSource,
]);
