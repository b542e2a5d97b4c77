import * as z from 'zod';
import { object } from '../../parts/parts.ts';
import { tableKeys } from './table.ts';

export const csvSource = object({
  type: z.literal('csv'),
  ...tableKeys,
  header: z
    .union([z.literal('auto'), z.boolean()])
    .default('auto')
    .describe('whether the first row names the columns; without names they are x0, x1, ...'),
  delimiter: z
    .string()
    .regex(/^(?:auto|[\t !#$%&'*/:;<=>?@^_`|~,])$/)
    .default('auto')
    .describe('the character between two fields; auto: found among tab, semicolon, bar, comma and space')
    .meta({ form: 'auto or one character that is no letter, digit, quote, dot, sign or bracket' }),
  decimal: z.enum(['.', ',']).default('.').describe('the decimal mark of numbers'),
}).describe('tables as text: CSV, TSV and the like, plain or .gz');
