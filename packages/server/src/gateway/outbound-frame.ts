import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib';
import { COMPRESSION_TAGS, COMPRESSION_THRESHOLD_BYTES } from '@lightcone/protocol';
import type { Compression } from '@lightcone/protocol';

/** FIN and opcodes 1 and 2 of RFC 6455 §5.2: one whole message of text, or binary. */
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
const BROTLI_OPTIONS = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const GZIP_OPTIONS = { level: 1 };
/** Longer payloads are compressed on another thread: here they would hold up everybody. */
const MAX_SYNC_BYTES = 128 * 1024;

const brotliElsewhere = promisify(brotliCompress);
const gzipElsewhere = promisify(gzip);

/** How payloads travel: as text as they are, or binary behind a compression tag. */
export type Packing = 'Text' | Compression;

/** A frame ready to be written, or on its way to be. */
export type Frame = Buffer | PendingFrame;

/** A frame that is being compressed. */
export interface PendingFrame {
  /** Of what it is made of, in bytes. */
  readonly length: number;
  readonly ready: Promise<Buffer>;
}

/**
 * Builds the WebSocket frame of one server payload: frame header, compression tag unless it is text, and
 * the messages back to back, compressed if that pays.
 *
 * We write frames ourselves and not through `ws`, as one buffer then serves every connection that
 * gets the same messages, and a batch is one write per socket.
 * @param length of the messages together
 */
export function buildFrame(messages: readonly Uint8Array[], length: number, packing: Packing): Frame {
  if (packing === 'Text' || packing === 'None' || length <= COMPRESSION_THRESHOLD_BYTES) {
    const frame = allocateFrame(length, packing === 'Text' ? undefined : COMPRESSION_TAGS.None);
    let at = frame.length - length;
    for (const message of messages) {
      frame.set(message, at);
      at += message.length;
    }
    return frame;
  }
  const plain = messages.length === 1 ? messages[0]! : Buffer.concat(messages, length); // its length was checked
  if (length > MAX_SYNC_BYTES) return { length, ready: packElsewhere(plain, packing) };
  return frameOf(
    packing === 'Gzip' ? gzipSync(plain, GZIP_OPTIONS) : brotliCompressSync(plain, BROTLI_OPTIONS),
    packing,
  );
}

async function packElsewhere(plain: Uint8Array, compression: 'Brotli' | 'Gzip'): Promise<Buffer> {
  const packed = compression === 'Gzip' ? gzipElsewhere(plain, GZIP_OPTIONS) : brotliElsewhere(plain, BROTLI_OPTIONS);
  return frameOf(await packed, compression);
}

function frameOf(packed: Uint8Array, compression: Compression): Buffer {
  const frame = allocateFrame(packed.length, COMPRESSION_TAGS[compression]);
  frame.set(packed, frame.length - packed.length);
  return frame;
}

/** A frame for a body of `bodyLength` bytes behind the tag (text has none), everything written but the body. */
function allocateFrame(bodyLength: number, tag: number | undefined): Buffer {
  const payloadLength = tag === undefined ? bodyLength : bodyLength + 1;
  const headerLength = payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + payloadLength);
  frame[0] = tag === undefined ? FINAL_TEXT : FINAL_BINARY;
  if (headerLength === 2) {
    frame[1] = payloadLength;
  } else if (headerLength === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(payloadLength, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(payloadLength / 0x1_0000_0000), 2);
    frame.writeUInt32BE(payloadLength >>> 0, 6);
  }
  if (tag !== undefined) frame[headerLength] = tag;
  return frame;
}
