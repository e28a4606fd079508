import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';

/** RFC 6455 §5.2: a message in one piece, which is binary. */
const FINAL_BINARY = 0x82;
const IS_FINAL = 0x80;
const OPCODE = 0x0f;
/** Opcodes from here on are of control frames, which may stand between the fragments of a message. */
const CLOSE = 0x08;
const IS_MASKED = 0x80;
const LENGTH = 0x7f;
const LENGTH_IN_16_BITS = 126;
const LENGTH_IN_64_BITS = 127;
const MASK_BYTES = 4;
const LONGEST_HEADER_BYTES = 14;

/**
 * Lets `onFrame` have the messages of a WebSocket that came in one binary frame and in one piece, as nearly all do; `ws`
 * reads everything else, and tells of it, as it would without. What comes of one client stays in order.
 *
 * They are taken where the socket gives what it has read to its stream: to pass through that and through `ws` costs a
 * frame 3 µs, a fifth of what the gateway does for a call. Should a socket of some later Node not `push`, `ws` gets all.
 * @param webSocket was just made for this socket, by `ws`
 * @param socket goes on reading while `push` says that it may, as those of Node do
 * @param head all that has come behind the request for a WebSocket, which `ws` has already
 * @param onFrame gets the payload, which is its to keep
 */
export function readWholeFrames(
  webSocket: WebSocket,
  socket: Socket,
  head: Buffer,
  onFrame: (payload: Buffer) => void,
): void {
  const frames = new WholeFrames();
  frames.read(head, false, onFrame);
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    // While `ws` has not dealt with what it got, or found something wrong with it, it lets the socket pause.
    const isNext = socket.readableFlowing === true && socket.readableLength === 0;
    if (chunk instanceof Buffer && frames.read(chunk, isNext, onFrame)) return true;
    return push(chunk, encoding);
  };
  webSocket.on('error', () => frames.end());
}

/**
 * The frames of one client, as far as they are in chunks that hold nothing but whole ones. All other chunks are for
 * another reader; this one only follows where frames begin and end in them.
 */
export class WholeFrames {
  /** Of a header that has not come as a whole. */
  readonly #header = new Uint8Array(LONGEST_HEADER_BYTES);
  #headerLength = 0;
  /** Bytes of the frame that has begun which have not come. */
  #payloadLeft = 0;
  /** Whether fragments of a message have come, and not the last one. */
  #isInMessage = false;
  #isClosing = false;
  #hasEnded = false;

  /**
   * Reads a chunk, if it is one to read.
   * @param chunk unmasked in place
   * @param isNext whether nothing that came before it waits to be read
   * @returns false if it is for the other reader
   */
  read(chunk: Buffer, isNext: boolean, onFrame: (payload: Buffer) => void): boolean {
    if (this.#hasEnded) return true;
    const isBetween = !this.#isInMessage && this.#headerLength === 0 && this.#payloadLeft === 0;
    if (!isNext || !isBetween || !isWhole(chunk)) {
      this.#follow(chunk);
      return false;
    }
    for (let at = 0; at < chunk.length;) {
      const start = at + headerBytes(chunk, at);
      const end = start + shortLength(chunk, at);
      unmask(chunk, start, end);
      onFrame(chunk.subarray(start, end));
      at = end;
    }
    return true;
  }

  /** Nothing that comes from now on is read, by the other reader neither. */
  end(): void {
    this.#hasEnded = true;
  }

  #follow(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#hasEnded) {
      if (this.#payloadLeft === 0) {
        this.#header[this.#headerLength++] = chunk[at++]!; // at < length
        if (this.#headerLength < 2 || this.#headerLength < headerBytes(this.#header, 0)) continue;
        this.#begin();
      }
      const taken = Math.min(this.#payloadLeft, chunk.length - at);
      at += taken;
      this.#payloadLeft -= taken;
      // What follows a close frame means nothing: §5.5.1.
      if (this.#payloadLeft === 0 && this.#isClosing) this.end();
    }
  }

  /** The header is there. */
  #begin(): void {
    const header = this.#header;
    const opcode = header[0]! & OPCODE; // a header has two bytes at least
    if (opcode < CLOSE) this.#isInMessage = (header[0]! & IS_FINAL) === 0;
    this.#isClosing = opcode === CLOSE;
    this.#payloadLeft =
      (header[1]! & LENGTH) === LENGTH_IN_64_BITS
        ? Number(new DataView(header.buffer).getBigUint64(2))
        : shortLength(header, 0);
    this.#headerLength = 0;
  }
}

/** Whether a chunk holds nothing but whole frames of the kind that is read here. */
function isWhole(chunk: Buffer): boolean {
  let at = 0;
  while (chunk.length - at >= 2 + MASK_BYTES) {
    const second = chunk[at + 1]!; // at + 2 <= length
    if (chunk[at] !== FINAL_BINARY || second < IS_MASKED || (second & LENGTH) === LENGTH_IN_64_BITS) return false;
    // The shortest header is in the chunk, and with it the two bytes that a longer one has its length in.
    at += headerBytes(chunk, at) + shortLength(chunk, at);
  }
  return at === chunk.length;
}

function headerBytes(bytes: Uint8Array, at: number): number {
  const second = bytes[at + 1]!; // the caller has two bytes
  const length = second & LENGTH;
  const lengthBytes = length === LENGTH_IN_64_BITS ? 8 : length === LENGTH_IN_16_BITS ? 2 : 0;
  return 2 + lengthBytes + (second >= IS_MASKED ? MASK_BYTES : 0);
}

/** The length of a payload, which is not in 64 bits. */
function shortLength(bytes: Uint8Array, at: number): number {
  const length = bytes[at + 1]! & LENGTH; // the caller has the header
  return length === LENGTH_IN_16_BITS ? (bytes[at + 2]! << 8) | bytes[at + 3]! : length;
}

/** Takes the mask off `bytes[start..end]`, before which it stands. */
function unmask(bytes: Buffer, start: number, end: number): void {
  const [a, b, c, d] = [bytes[start - 4]!, bytes[start - 3]!, bytes[start - 2]!, bytes[start - 1]!]; // the mask
  let i = start;
  for (; i + 4 <= end; i += 4) {
    // In range: i + 4 <= end.
    bytes[i]! ^= a;
    bytes[i + 1]! ^= b;
    bytes[i + 2]! ^= c;
    bytes[i + 3]! ^= d;
  }
  if (i < end) bytes[i++]! ^= a;
  if (i < end) bytes[i++]! ^= b;
  if (i < end) bytes[i]! ^= c;
}
