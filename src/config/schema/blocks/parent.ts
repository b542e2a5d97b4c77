import * as z from 'zod';
import { object, path, positiveInteger } from '../parts/parts.ts';

/** Where the schedule of a run that goes on from another stands in its time; written by `gradloom extend`. */
const scheduleSpan = object({
  from: z.int().min(0).default(0).describe('step at which the schedule starts'),
  until: z.int().min(0).optional().describe('step whose learning rate stays from then on'),
  horizon: positiveInteger.optional().describe('length of the schedule in steps, in place of that of the training'),
});

export const parent = object({
  run: path.describe('directory of the run that this one goes on from; relative to this file'),
  step: positiveInteger.describe('its last step'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('gradloom.sha256 of its last checkpoint'),
  schedule: scheduleSpan.prefault({}).describe('where the schedule stands in its time'),
});

export type ScheduleSpan = z.output<typeof scheduleSpan>;
