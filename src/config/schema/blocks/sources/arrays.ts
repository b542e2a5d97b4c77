import * as z from 'zod';
import { object } from '../../parts/parts.ts';

export const arraysSource = object({ type: z.literal('arrays') }).describe(
  'what a program passes: experimentFromObject({...}, { data: { x, y } }); not for files',
);
