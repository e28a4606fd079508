import type { ByteWriter } from '@lightcone/sats';
import { writeUnsigned } from './leb.ts';

/** What every module begins with: the magic number and version 1. */
export const MODULE_HEADER: Uint8Array = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

export function writeSection(out: ByteWriter, id: number, content: readonly number[]): void {
  out.u8(id);
  writeUnsigned(out, content.length);
  out.raw(Uint8Array.from(content));
}
