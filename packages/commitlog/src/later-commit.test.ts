import { expect, test, vi } from 'vitest';
import { CHECKSUM_BYTES, COMMIT_LAYOUT } from './commit-layout.ts';
import { crc32c } from './crc32c.ts';
import { FileWindow } from './file-window.ts';
import { findLaterCommit } from './later-commit.ts';

const MIB = 1024 * 1024;

function windowOver(content: Uint8Array): Promise<FileWindow> {
  return FileWindow.over('segment', {
    size: async () => content.length,
    read: async (into: Uint8Array, position: number) => {
      const part = content.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
    close: async () => {},
  });
}

function commitOf(txOffset: bigint): Uint8Array {
  const { headerBytes, countAt, lengthAt } = COMMIT_LAYOUT;
  const bytes = new Uint8Array(headerBytes + 3 + CHECKSUM_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, txOffset, true);
  view.setUint16(countAt, 1, true);
  view.setUint32(lengthAt, 3, true);
  view.setUint32(headerBytes + 3, crc32c(view, 0, headerBytes + 3), true);
  return bytes;
}

test.each([0x07n, 0x0700n, 0x0100_0000n, 0x1_0000_0000n])(
  'a commit of transaction %i is found wherever it begins behind zeros',
  async (txOffset) => {
    const commit = commitOf(txOffset);
    for (const around of [32, MIB]) {
      for (let position = around - 24; position <= around + 24; position++) {
        const content = new Uint8Array(2 * MIB);
        content.set(commit, position);
        // oxlint-disable-next-line no-await-in-loop
        const found = await findLaterCommit(await windowOver(content), COMMIT_LAYOUT, 0, 6);
        expect(found).toBe(position);
      }
    }
  },
);

test('a run of zeros is passed over as one, not byte by byte', async () => {
  const reads = vi.spyOn(DataView.prototype, 'getUint32');
  try {
    expect(await findLaterCommit(await windowOver(new Uint8Array(MIB)), COMMIT_LAYOUT, 0, 6)).toBeUndefined();
    expect(reads.mock.calls.length).toBeLessThan(10);
  } finally {
    reads.mockRestore();
  }
});
