import type { SourceConfig } from '../../config/schema/schema.ts';
import { arrays } from './arrays.ts';
import { csv } from './csv.ts';
import { idx } from './idx.ts';
import { images } from './images.ts';
import { mnist } from './mnist.ts';
import { npy, npz } from './numpy.ts';
import { parquet } from './parquet.ts';
import type { DataSource } from './source.ts';
import { synthetic } from './synthetic.ts';

const dataSources: { [T in SourceConfig['type']]: DataSource<Extract<SourceConfig, { type: T }>> } = {
  mnist,
  idx,
  csv,
  parquet,
  npy,
  npz,
  arrays,
  images,
  synthetic,
};

/** The implementation of a data source by the `type` of its config. */
export function dataSource(config: SourceConfig): DataSource<SourceConfig> {
  return dataSources[config.type];
}
