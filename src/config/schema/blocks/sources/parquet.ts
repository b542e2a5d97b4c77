import * as z from 'zod';
import { object } from '../../parts/parts.ts';
import { tableKeys } from './table.ts';

export const parquetSource = object({ type: z.literal('parquet'), ...tableKeys }).describe('tables in Parquet files');
