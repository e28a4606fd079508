import type { WriteCall } from './load-driver.ts';

const REDUCER_NAME = new TextEncoder().encode('empty');

/** Calls of the reducer `empty()`, which does nothing. */
export function emptyCalls(): WriteCall {
  return (writer, requestId) => {
    writer.u8(3);
    writer.u32(requestId);
    writer.u8(0);
    writer.lengthPrefixed(REDUCER_NAME);
    writer.u32(0);
  };
}
