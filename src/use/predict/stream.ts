import { existsSync } from 'node:fs';
import { machineCode, machineHost } from '../../engine/forward/machine.ts';
import { GradloomError, printable } from '../../errors.ts';
import { AtomicStream } from '../../storage/atomic.ts';
import type { LoadedModel } from '../model/parse.ts';
import type { RowBatch } from '../rows/encode.ts';
import { type FormatOptions, type Formatter, formatterOf, type PredictionFormat } from './format.ts';
import { checkOutputs, Predictor } from './predictor.ts';

/** Where predictions go as they are made. */
export interface PredictionSink {
  /** @returns false if nobody reads any more */
  write(bytes: Uint8Array): Promise<boolean>;
}

export interface StreamOptions extends FormatOptions {
  format: PredictionFormat;
  /** Told of the rows so far. */
  progress?: ((rows: number) => void) | undefined;
}

/**
 * Predicts rows as they come, in order, with memory for a few of them only.
 *
 * @param output  path of a file, which is there when it is whole and not before; or where the bytes go at once
 * @returns the number of rows
 * @throws GradloomError with the place of a bad row; E_STORAGE
 */
export async function predictStream(
  model: LoadedModel,
  rows: AsyncIterable<RowBatch>,
  output: string | PredictionSink,
  { format, progress, ...options }: StreamOptions,
): Promise<number> {
  const predictor = new Predictor(model, machineHost());
  await predictor.useCode(machineCode);
  const formatter = formatterOf(format, predictor.outputs, options);
  if (typeof output === 'string') return toFile(predictor, rows, formatter, output, progress);
  let count = 0;
  let isRead = await output.write(formatter.head(0));
  try {
    for await (const batch of rows) {
      if (!isRead) break;
      predictBatch(predictor, batch, count, formatter);
      isRead = await output.write(formatter.take());
      count += batch.rows;
      progress?.(count);
    }
  } catch (error) {
    throw withKept(error, count === 0 ? undefined : `the first ${count} ${count === 1 ? 'prediction' : 'predictions'}, written already`);
  }
  return count;
}

/** @param before  rows that were predicted already */
function predictBatch(predictor: Predictor, batch: RowBatch, before: number, formatter: Formatter): void {
  const width = predictor.width;
  let row = 0;
  predictor.run(batch, (outputs, at) => {
    checkOutputs(outputs, at, width, () => `row ${before + row + 1}`);
    formatter.add(outputs, at, batch.files?.[row++]);
  });
}

async function toFile(
  predictor: Predictor,
  rows: AsyncIterable<RowBatch>,
  formatter: Formatter,
  path: string,
  progress: StreamOptions['progress'],
): Promise<number> {
  const file = await AtomicStream.open(path);
  if (formatter.countsRows && !file.isSeekable) {
    await file.discard();
    const message = 'a pipe or a device; this format has the number of rows at its beginning';
    throw new GradloomError({ code: 'E_STORAGE', where: printable(path), message, next: 'name a file, or write csv or jsonl' });
  }
  let count = 0;
  try {
    await file.write(formatter.head(0));
    for await (const batch of rows) {
      predictBatch(predictor, batch, count, formatter);
      await file.write(formatter.take());
      count += batch.rows;
      progress?.(count);
    }
    if (formatter.countsRows) await file.write(formatter.head(count), 0);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw withKept(error, existsSync(path) ? `what was at ${printable(path)} before` : undefined);
  }
  return count;
}

function withKept(error: unknown, kept: string | undefined): unknown {
  if (!(error instanceof GradloomError)) return error;
  const { code, where, message, lines, next, cause } = error;
  return new GradloomError({
    code,
    where,
    message: lines === undefined ? message : (message.split('\n')[0] ?? message),
    lines,
    kept,
    next,
    cause,
  });
}
