import { createHash, type Hash } from 'node:crypto';
import path from 'node:path';
import { packageVersion } from '../../machine/version.ts';
import { type Fence, writeFileAtomic } from '../../storage/atomic.ts';
import { readFileBytes, visitOwnFile } from '../../storage/read.ts';
import { count, fields, type Shape, text } from '../../storage/shape.ts';

const NAME = 'replayed.json';
const LIMIT_BYTES = 4096;
const PIECE_BYTES = 2 ** 20;

/**
 * That this version of gradloom has decided the beginning of a log itself, or has found each of its suggestions to be the one that follows.
 * Then a session that goes on need not compute them again, which takes hours for a million. Without it, or with a log that is another's,
 * everything is computed.
 */
interface Voucher {
  version: string;
  lines: number;
  bytes: number;
  /** Of these bytes. */
  sha256: string;
}

const voucherShape: Shape<Voucher> = fields({ version: text, lines: count, bytes: count, sha256: text });

/** What is known of a log's beginning. */
export interface Vouched {
  /** Whose suggestions need not be computed again. */
  lines: number;
  /** Of the whole lines: to go on with. */
  hash: Hash;
}

/**
 * @param log     path of the log
 * @param length  bytes of its whole lines
 */
export function readVouched(log: string, length: number): Vouched {
  const voucher = voucherIn(path.join(path.dirname(log), NAME));
  const hash = createHash('sha256');
  let at = 0;
  let lines = 0;
  visitOwnFile(log, length, PIECE_BYTES, (piece) => {
    const end = (voucher?.bytes ?? 0) - at;
    at += piece.length;
    if (voucher === undefined || end <= 0 || end > piece.length) {
      hash.update(piece);
      return;
    }
    hash.update(piece.subarray(0, end));
    if (hash.copy().digest('hex') === voucher.sha256) ({ lines } = voucher);
    hash.update(piece.subarray(end));
  });
  return { lines, hash };
}

/** Vouches for a log's beginning. @param hash  of the bytes */
export async function writeVoucher(log: string, lines: number, bytes: number, hash: Hash, fence: Fence | undefined): Promise<void> {
  const voucher: Voucher = { version: packageVersion(), lines, bytes, sha256: hash.copy().digest('hex') };
  await writeFileAtomic(path.join(path.dirname(log), NAME), `${JSON.stringify(voucher)}\n`, undefined, fence);
}

function voucherIn(file: string): Voucher | undefined {
  try {
    const voucher: unknown = JSON.parse(new TextDecoder().decode(readFileBytes(file, LIMIT_BYTES)));
    if (voucherShape.misfit(voucher) !== undefined) return undefined;
    return (voucher as Voucher).version === packageVersion() ? (voucher as Voucher) : undefined;
  } catch {
    // None, or none of ours: everything is computed.
    return undefined;
  }
}
