import type { SourceConfig } from '../../config/schema/schema.ts';
import { loadTable } from '../table/load.ts';
import { openText } from '../table/text/text-file.ts';
import { tableFiles } from './files.ts';
import type { DataSource } from './source.ts';

type CsvConfig = Extract<SourceConfig, { type: 'csv' }>;

export const csv: DataSource<CsvConfig> = {
  load: (config, reading) => {
    const { header, delimiter, decimal } = config;
    return loadTable('CSV', tableFiles(config), config, reading, (path, expected) =>
      openText(path, [{ header, delimiter, decimal, expected }]),
    );
  },
};
