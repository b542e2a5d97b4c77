import { crc32 } from 'node:zlib';
import { PbfWriter } from 'pbf';

/** Blocks of a log of LevelDB's, as wandb/sdk/internal/datastore.py writes them. */
const BLOCK = 32768;
const HEAD = 7;
const TYPES = { full: 1, first: 2, middle: 3, last: 4 } as const;
/** `:W&B`, a magic number, the version 0. */
const FILE_HEAD = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0);

/** Records as the bytes of a `run-<id>.wandb` file. */
export function wandbLog(records: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [FILE_HEAD];
  let length = FILE_HEAD.length;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    length += bytes.length;
  };
  const piece = (data: Uint8Array, type: number): void => {
    const head = Buffer.alloc(HEAD);
    // In one: zlib forgets the sum before where there are no bytes behind it.
    head.writeUInt32LE(crc32(Buffer.concat([Uint8Array.of(type), data])), 0);
    head.writeUInt16LE(data.length, 4);
    head.writeUInt8(type, 6);
    add(head);
    add(data);
  };
  for (const record of records) {
    const left = BLOCK - (length % BLOCK);
    if (left < HEAD) add(new Uint8Array(left));
    let at = 0;
    do {
      const room = BLOCK - (length % BLOCK) - HEAD;
      const end = Math.min(record.length, at + room);
      const isLast = end === record.length;
      piece(record.subarray(at, end), at === 0 ? (isLast ? TYPES.full : TYPES.first) : isLast ? TYPES.last : TYPES.middle);
      at = end;
    } while (at < record.length);
  }
  return Buffer.concat(parts);
}

/** What a run is, for W&B. */
export interface WandbRun {
  id: string;
  project: string;
  name: string;
  notes: string;
  tags: readonly string[];
  host: string;
  /** Seconds since 1970. */
  startedAt: number;
  config: Readonly<Record<string, unknown>>;
}

type Values = Readonly<Record<string, unknown>>;
type Write = (writer: PbfWriter) => void;

/** Of wandb_internal.proto. */
const RECORD = { number: 1, history: 2, summary: 3, run: 17, exit: 18, header: 21 } as const;
const VALUE_JSON = 16;

/** The records of a run that has ended: header, run, a row of history a step, summary, exit. */
export function wandbRecords(
  run: WandbRun,
  history: readonly { step: number; values: Values }[],
  summary: Values,
  exitCode: number,
): Uint8Array[] {
  const contents: [field: number, write: Write][] = [
    [RECORD.header, (header) => message(header, 1, (version) => version.writeStringField(1, '0.19.0'))],
    [RECORD.run, (writer) => writeRun(writer, run)],
    ...history.map(({ step, values }): [number, Write] => [
      RECORD.history,
      (writer) => {
        items(writer, 1, { ...values, _step: step });
        message(writer, 2, (own) => own.writeVarintField(1, step));
      },
    ]),
    [RECORD.summary, (writer) => items(writer, 1, summary)],
    [RECORD.exit, (writer) => writer.writeVarintField(1, exitCode)],
  ];
  return contents.map(([field, write], i) => {
    const writer = new PbfWriter();
    writer.writeVarintField(RECORD.number, i);
    message(writer, field, write);
    return writer.finish();
  });
}

function writeRun(writer: PbfWriter, { id, project, name, notes, tags, host, startedAt, config }: WandbRun): void {
  writer.writeStringField(1, id);
  writer.writeStringField(3, project);
  message(writer, 4, (own) => items(own, 1, config));
  writer.writeStringField(8, name);
  writer.writeStringField(9, notes);
  for (const tag of tags) writer.writeStringField(10, tag);
  writer.writeStringField(13, host);
  message(writer, 17, (time) => {
    time.writeVarintField(1, Math.floor(startedAt));
    time.writeVarintField(2, Math.round((startedAt % 1) * 1e9));
  });
}

/** Keys with their values as JSON. */
function items(writer: PbfWriter, field: number, values: Values): void {
  for (const [key, value] of Object.entries(values)) {
    message(writer, field, (item) => {
      item.writeStringField(1, key);
      item.writeStringField(VALUE_JSON, JSON.stringify(value));
    });
  }
}

function message(writer: PbfWriter, field: number, write: Write): void {
  writer.writeMessage(field, (_, own) => write(own), null);
}
