import { PictureError } from '../picture/picture.ts';

/** Reads the bits of a scan, the stuffed zeros behind 0xff left out, up to the next marker. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  /** The last `#count` bits of it are to come. */
  #bits = 0;
  #count = 0;
  /** How many of them are zeros that stand for what the scan does not have. */
  #padded = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where the marker stands that ends what was read. */
  get at(): number {
    return this.#at;
  }

  /** The next `n` bits, 1 to 16, without taking them. */
  peek(n: number): number {
    if (this.#count < n) this.#fill();
    return (this.#bits >>> (this.#count - n)) & ((1 << n) - 1);
  }

  /** @throws PictureError if the scan does not have as many */
  skip(n: number): void {
    this.#count -= n;
    if (this.#count < this.#padded) throw new PictureError(this.#at, 'ends in the middle of its pixels: the file was cut short');
  }

  read(n: number): number {
    if (n === 0) return 0;
    const value = this.peek(n);
    this.skip(n);
    return value;
  }

  /** A number of `n` bits as JPEG codes it: the lower half of the values is negative. */
  signed(n: number): number {
    const value = this.read(n);
    return n > 0 && value < 1 << (n - 1) ? value - (1 << n) + 1 : value;
  }

  /** Goes over the marker of a restart. @throws PictureError if it is not there */
  restart(number: number): void {
    const marker = 0xd0 + (number & 7);
    if (this.#bytes[this.#at] !== 0xff || this.#bytes[this.#at + 1] !== marker) {
      throw new PictureError(this.#at, `the restart marker ${number & 7} is missing: the file is damaged`);
    }
    this.#at += 2;
    this.#count = 0;
    this.#padded = 0;
  }

  #fill(): void {
    while (this.#count <= 16) {
      const byte = this.#bytes[this.#at];
      const isEnd = byte === undefined || (byte === 0xff && this.#bytes[this.#at + 1] !== 0);
      this.#bits = (this.#bits << 8) | (isEnd ? 0 : byte);
      this.#count += 8;
      if (isEnd) this.#padded += 8;
      else this.#at += byte === 0xff ? 2 : 1;
    }
  }
}
