import { brotliCompressSync, gzipSync } from 'node:zlib';
import { COMPRESSION_TAGS, COMPRESSION_THRESHOLD_BYTES } from '@lightcone/protocol';
import type { Compression } from '@lightcone/protocol';
import { BROTLI_OPTIONS, GZIP_OPTIONS, compressElsewhere } from './compress-elsewhere.ts';

/** FIN and opcodes 1 and 2 of RFC 6455 §5.2: one whole message of text, or binary. */
const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;
/** Longer payloads are compressed on another thread and never copied: here that would hold up everybody. */
const MAX_SHORT_BYTES = 128 * 1024;

/** How payloads travel: as text as they are, or binary behind a compression tag. */
export type Packing = 'Text' | Compression;

/** A frame ready to be written, or on its way to be. */
export type Frame = ReadyFrame | PendingFrame;

/** A frame in one piece, or in several that are written one after the other. */
export type ReadyFrame = Buffer | FrameParts;

export interface FrameParts {
  /** Of the parts together, in bytes. */
  readonly length: number;
  readonly parts: readonly Uint8Array[];
}

/** A frame that is being compressed. */
export interface PendingFrame {
  /** Of what it is made of, in bytes. */
  readonly length: number;
  readonly ready: Promise<ReadyFrame>;
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
    const tag = packing === 'Text' ? undefined : COMPRESSION_TAGS.None;
    return length > MAX_SHORT_BYTES ? frameInParts(messages, length, tag) : joinedFrame(messages, length, tag);
  }
  const plain = messages.length === 1 ? messages[0]! : Buffer.concat(messages, length); // its length was checked
  if (length > MAX_SHORT_BYTES) return { length, ready: packElsewhere(plain, packing) };
  const packed = packing === 'Gzip' ? gzipSync(plain, GZIP_OPTIONS) : brotliCompressSync(plain, BROTLI_OPTIONS);
  return joinedFrame([packed], packed.length, COMPRESSION_TAGS[packing]);
}

async function packElsewhere(plain: Uint8Array, compression: 'Brotli' | 'Gzip'): Promise<ReadyFrame> {
  const packed = await compressElsewhere(plain, compression);
  return frameInParts([packed], packed.length, COMPRESSION_TAGS[compression]);
}

function joinedFrame(pieces: readonly Uint8Array[], length: number, tag: number | undefined): Buffer {
  const frame = allocateFrame(length, tag, length);
  let at = frame.length - length;
  for (const piece of pieces) {
    frame.set(piece, at);
    at += piece.length;
  }
  return frame;
}

function frameInParts(pieces: readonly Uint8Array[], length: number, tag: number | undefined): FrameParts {
  const head = allocateFrame(length, tag, 0);
  return { length: head.length + length, parts: [head, ...pieces] };
}

/**
 * A frame for a body of `bodyLength` bytes behind the tag (text has none), everything written but the body, and room for
 * `ownLength` bytes of that.
 */
function allocateFrame(bodyLength: number, tag: number | undefined, ownLength: number): Buffer {
  const payloadLength = tag === undefined ? bodyLength : bodyLength + 1;
  const headerLength = payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(headerLength + (payloadLength - bodyLength) + ownLength);
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
