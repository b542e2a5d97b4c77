import { PbfReader, PbfWriter } from 'pbf';
import type { Histogram } from './histogram.ts';

/** What a run of a sweep was given; runs of one group differ by their seed only. */
export interface Hyperparameters {
  group: string;
  /** By dotted key; what is no number, text or truth is shown as JSON. */
  values: Readonly<Record<string, unknown>>;
}

/** What an event of TensorBoard's says beside its time; field numbers are those of tensorflow/core/util/event.proto. */
export type EventContent =
  | { kind: 'version' }
  /** Training starts: what came before at this step and later is void. */
  | { kind: 'start'; step: number }
  | { kind: 'scalars'; step: number; values: readonly (readonly [tag: string, value: number])[] }
  | { kind: 'histograms'; step: number; values: readonly (readonly [tag: string, histogram: Histogram])[] }
  | { kind: 'image'; step: number; tag: string; width: number; height: number; png: Uint8Array }
  | ({ kind: 'hyperparameters' } & Hyperparameters)
  | { kind: 'end'; isSuccess: boolean };

/** What is in a record of ours, as far as going on after it needs to know. */
export interface EventHead {
  step: number;
  /** `scalars`: a line of metrics.jsonl. */
  kind: 'version' | 'start' | 'scalars' | 'hyperparameters' | 'other';
}

const EVENT = { wallTime: 1, step: 2, version: 3, summary: 5, session: 7 } as const;
const VALUE = { tag: 1, scalar: 2, image: 4, histogram: 5, metadata: 9 } as const;
const RGB = 3;
const SESSION_START = 1;
/** tensorboard/plugins/hparams/plugin_data.proto. */
const HPARAMS = { plugin: 'hparams', start: '_hparams_/session_start_info', end: '_hparams_/session_end_info' } as const;
const SUCCESS = 1;
const FAILURE = 2;

type Write = (writer: PbfWriter) => void;

/** The bytes of an event. @param wallTime  seconds since 1970 */
export function encodeEvent(content: EventContent, wallTime: number): Uint8Array {
  const writer = new PbfWriter();
  writer.writeDoubleField(EVENT.wallTime, wallTime);
  if ('step' in content) writer.writeVarintField(EVENT.step, content.step);
  switch (content.kind) {
    case 'version':
      writer.writeStringField(EVENT.version, 'brain.Event:2');
      break;
    case 'start':
      message(writer, EVENT.session, (session) => session.writeVarintField(1, SESSION_START));
      break;
    default:
      message(writer, EVENT.summary, (summary) => writeValues(summary, content));
  }
  return writer.finish();
}

function writeValues(summary: PbfWriter, content: Exclude<EventContent, { kind: 'version' | 'start' }>): void {
  const value = (tag: string, write: Write): void =>
    message(summary, 1, (writer) => {
      writer.writeStringField(VALUE.tag, tag);
      write(writer);
    });
  switch (content.kind) {
    case 'scalars':
      for (const [tag, scalar] of content.values) value(tag, (writer) => writer.writeFloatField(VALUE.scalar, scalar));
      break;
    case 'histograms':
      for (const [tag, histogram] of content.values)
        value(tag, (writer) => message(writer, VALUE.histogram, (own) => writeHistogram(own, histogram)));
      break;
    case 'image':
      value(content.tag, (writer) =>
        message(writer, VALUE.image, (image) => {
          image.writeVarintField(1, content.height);
          image.writeVarintField(2, content.width);
          image.writeVarintField(3, RGB);
          image.writeBytesField(4, content.png);
        }),
      );
      break;
    case 'hyperparameters':
      value(HPARAMS.start, (writer) => pluginData(writer, 3, (info) => writeHyperparameters(info, content)));
      break;
    case 'end':
      value(HPARAMS.end, (writer) => pluginData(writer, 4, (info) => info.writeVarintField(1, content.isSuccess ? SUCCESS : FAILURE)));
      break;
  }
}

/** HistogramProto. */
function writeHistogram(writer: PbfWriter, { min, max, count, sum, sumOfSquares, limits, counts }: Histogram): void {
  for (const [i, number] of [min, max, count, sum, sumOfSquares].entries()) writer.writeDoubleField(i + 1, number);
  writer.writePackedDouble(6, [...limits]);
  writer.writePackedDouble(7, [...counts]);
}

/** SummaryMetadata with HParamsPluginData in it. @param field  of the kind of data */
function pluginData(writer: PbfWriter, field: number, write: Write): void {
  const content = new PbfWriter();
  message(content, field, write);
  const bytes = content.finish();
  message(writer, VALUE.metadata, (metadata) =>
    message(metadata, 1, (plugin) => {
      plugin.writeStringField(1, HPARAMS.plugin);
      plugin.writeBytesField(2, bytes);
    }),
  );
}

/** SessionStartInfo: a map of google.protobuf.Value by name, and the group that the run belongs to. */
function writeHyperparameters(info: PbfWriter, { values, group }: Hyperparameters): void {
  for (const [name, value] of Object.entries(values)) {
    message(info, 1, (entry) => {
      entry.writeStringField(1, name);
      message(entry, 2, (own) => {
        if (typeof value === 'number') own.writeDoubleField(2, value);
        else if (typeof value === 'boolean') own.writeBooleanField(4, value);
        else own.writeStringField(3, typeof value === 'string' ? value : JSON.stringify(value));
      });
    });
  }
  info.writeStringField(4, group);
}

function message(writer: PbfWriter, field: number, write: Write): void {
  writer.writeMessage(field, (_, own) => write(own), null);
}

/** What a record says of itself. @throws Error of pbf, if it is no event */
export function readHead(payload: Uint8Array): EventHead {
  return new PbfReader(payload).readFields<EventHead>(
    (field, head, reader) => {
      if (field === EVENT.step) head.step = reader.readVarint();
      if (field === EVENT.version) head.kind = 'version';
      if (field === EVENT.session) head.kind = 'start';
      if (field === EVENT.summary) head.kind = reader.readMessage(readKind, { kind: 'other' }).kind;
    },
    { step: 0, kind: 'other' },
  );
}

function readKind(field: number, summary: { kind: EventHead['kind'] }, reader: PbfReader): void {
  if (field !== 1) return;
  const value = reader.readMessage(
    (own, found: { tag: string; isScalar: boolean }, of) => {
      if (own === VALUE.tag) found.tag = of.readString();
      if (own === VALUE.scalar) found.isScalar = true;
    },
    { tag: '', isScalar: false },
  );
  if (value.isScalar) summary.kind = 'scalars';
  if (value.tag === HPARAMS.start) summary.kind = 'hyperparameters';
}
