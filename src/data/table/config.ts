import type { SourceConfig } from '../../config/schema/schema.ts';

/** The keys that all sources of tables have. */
export type TableConfig = Pick<
  Extract<SourceConfig, { type: 'csv' }>,
  | 'path'
  | 'val_path'
  | 'test_path'
  | 'target'
  | 'features'
  | 'drop'
  | 'categorical'
  | 'unknown_category'
  | 'missing'
  | 'missing_indicator'
  | 'weights'
>;
