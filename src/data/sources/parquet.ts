import type { SourceConfig } from '../../config/schema/schema.ts';
import { loadTable } from '../table/load.ts';
import { openParquet } from '../table/parquet/parquet-file.ts';
import { tableFiles } from './files.ts';
import type { DataSource } from './source.ts';

export const parquet: DataSource<Extract<SourceConfig, { type: 'parquet' }>> = {
  load: (config, reading) => loadTable('Parquet', tableFiles(config), config, reading, (path) => openParquet(path)),
};
