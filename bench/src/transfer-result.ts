import { beginReducerResultOk } from '@lightcone/protocol';
import type { ByteWriter } from '@lightcone/sats';

const NOTHING = new Uint8Array(0);

/** The answer to a transfer that committed, for a caller that subscribes to nothing. */
export function writeTransferResult(writer: ByteWriter, requestId: number): void {
  beginReducerResultOk(writer, requestId, BigInt(Date.now()) * 1000n, NOTHING);
}
