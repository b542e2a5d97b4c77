/** For each byte what it does to a checksum whose polynomial is given lowest bit first. */
function tableOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc >>> 0;
  });
}

const CASTAGNOLI = tableOf(0x82f63b78);
const IEEE = tableOf(0xedb88320);

function checksum(table: Uint32Array, bytes: Uint8Array, before: number): number {
  let crc = ~before;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** CRC-32C; of `123456789` it is e3069283. */
export function crc32c(bytes: Uint8Array): number {
  return checksum(CASTAGNOLI, bytes, 0);
}

/** CRC-32 as of zlib; of `123456789` it is cbf43926. @param before  checksum of what stands before the bytes */
export function crc32(bytes: Uint8Array, before = 0): number {
  return checksum(IEEE, bytes, before);
}
