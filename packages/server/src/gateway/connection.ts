import { observeDelay } from '@lightcone/engine/gateway';
import type { DelayHistogram } from '@lightcone/engine';
import { truncateUtf8 } from '@lightcone/sats';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { WebSocketConfig } from '../config.ts';
import { FrameQueue } from '../database-thread/frame-queue.ts';
import type { Frame, Packing, PendingFrame } from './outbound-frame.ts';

/** RFC 6455 §5.5: a close frame holds 125 bytes, two of which are the code. */
const MAX_CLOSE_REASON_BYTES = 123;
/** Frames that wait behind one that is being compressed. */
const MAX_READY_FRAMES = 16_384;

/** Why a connection ended, as the metrics count it. */
export type DisconnectCause =
  | 'client_close'
  | 'idle_timeout'
  | 'incoming_queue_full'
  | 'outgoing_queue_full'
  | 'module_exited'
  | 'client_message_error'
  | 'websocket_receive_error'
  | 'websocket_io'
  | 'websocket_capacity'
  | 'websocket_protocol'
  | 'websocket_utf8'
  | 'websocket_stream_ended';

/**
 * One client's WebSocket.
 *
 * Reading and control frames are `ws`'s; data frames are written to the socket directly, ready
 * made. Both are written whole and at once, so they never mix.
 */
export class Connection {
  /** Names it to the database: unique among the connections of this process. */
  readonly number: number;
  readonly packing: Packing;
  /** Whether a frame may hold several messages: v3. */
  readonly joinsMessages: boolean;
  /** Messages of the batch that is being handed out. */
  readonly outbound: Uint8Array[] = [];
  /** Those that the database is not done with. */
  readonly frames: FrameQueue = new FrameQueue();
  /** Why it ends, once that is known. */
  cause: DisconnectCause | undefined;
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #config: WebSocketConfig;
  readonly #ready: Frame[] = [];
  /** Of the frames in `#ready`. */
  #readyBytes = 0;
  #isWaitingForFrame = false;
  #closing: { readonly code: number; readonly reason: string } | undefined;
  #lastBytesRead = 0;
  #lastHeardMs: number;
  #lastPingMs: number;
  #isPongDue = true;
  /** How many want it not to be read from now. */
  #pauses = 0;

  constructor(
    number: number,
    webSocket: WebSocket,
    socket: Socket,
    options: {
      readonly packing: Packing;
      readonly joinsMessages: boolean;
      readonly nowMs: number;
      /** Counts how long pongs take. */
      readonly pongs: DelayHistogram;
    },
    config: WebSocketConfig,
  ) {
    this.number = number;
    this.packing = options.packing;
    this.joinsMessages = options.joinsMessages;
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#config = config;
    this.#lastHeardMs = options.nowMs;
    this.#lastPingMs = options.nowMs;
    webSocket.on('pong', () => {
      // Clients may send some that nobody asked for.
      if (this.#isPongDue) observeDelay(options.pongs, (performance.now() - this.#lastPingMs) / 1000);
      this.#isPongDue = false;
    });
    webSocket.ping();
  }

  /** Adds a frame to those that `flush` writes. */
  queueFrame(frame: Frame): void {
    if (this.#ready.length >= MAX_READY_FRAMES) {
      this.terminate('outgoing_queue_full');
      return;
    }
    this.#ready.push(frame);
    this.#readyBytes += frame.length;
  }

  /** Writes what is queued, up to a frame that is still being made. */
  flush(): void {
    if (!this.isOpen) return;
    const frames = this.#ready;
    const first = frames[0];
    // Behind a frame that is being compressed others wait.
    const waitingBytes = this.#isWaitingForFrame ? this.#readyBytes - (first?.length ?? 0) : 0;
    if (this.#socket.writableLength + waitingBytes > this.#config.outgoingQueueBytes) {
      frames.length = 0;
      this.terminate('outgoing_queue_full');
      return;
    }
    if (this.#isWaitingForFrame) return;
    if (frames.length === 1 && first instanceof Buffer) {
      this.#socket.write(first);
      // A list that is cut to nothing gives its memory away, and needs new memory for the next frame.
      frames.pop();
      this.#readyBytes = 0;
    } else {
      this.#writeMany();
    }
    if (this.#closing !== undefined && frames.length === 0) this.close(this.#closing.code, this.#closing.reason);
  }

  /** Sends a close frame after everything that is queued, and ends the socket soon after. */
  close(code: number, reason: string, cause?: DisconnectCause): void {
    this.cause ??= cause;
    if (this.#ready.length > 0) {
      this.#closing = { code, reason };
      return;
    }
    if (!this.isOpen) return;
    this.#webSocket.close(code, Buffer.from(truncateUtf8(reason, MAX_CLOSE_REASON_BYTES)));
    setTimeout(() => this.#webSocket.terminate(), this.#config.closeHandshakeTimeoutMs);
  }

  /** Ends the socket with no word. */
  terminate(cause: DisconnectCause): void {
    this.cause ??= cause;
    this.#webSocket.terminate();
  }

  /** Frames that wait for one that is being compressed, which is one of them. */
  get waitingFrames(): number {
    return this.#ready.length;
  }

  /** Bytes that wait for the client to take them. */
  get outgoingBytes(): number {
    return this.#socket.writableLength;
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  /** Stops reading, until it was resumed as often as it was paused: the client waits, held up by TCP. */
  pause(): void {
    if (this.#pauses++ === 0) this.#webSocket.pause();
  }

  resume(): void {
    if (--this.#pauses === 0) this.#webSocket.resume();
  }

  /** Pings when it is time, and drops the connection when nothing was heard for too long. */
  keepAlive(nowMs: number, wasStalled: boolean): void {
    const { bytesRead } = this.#socket;
    if (bytesRead !== this.#lastBytesRead || wasStalled || this.#webSocket.isPaused) {
      this.#lastBytesRead = bytesRead;
      this.#lastHeardMs = nowMs;
    } else if (nowMs - this.#lastHeardMs >= this.#config.idleTimeoutMs) {
      this.terminate('idle_timeout');
      return;
    }
    if (!this.#isPongDue && this.isOpen && nowMs - this.#lastPingMs >= this.#config.pingIntervalMs) {
      this.#isPongDue = true;
      this.#lastPingMs = nowMs;
      this.#webSocket.ping();
    }
  }

  #writeMany(): void {
    const frames = this.#ready;
    let written = 0;
    this.#socket.cork();
    for (; written < frames.length; written++) {
      const frame = frames[written];
      if (frame === undefined) continue;
      if ('ready' in frame) {
        this.#waitFor(frame);
        break;
      }
      if ('parts' in frame) for (const part of frame.parts) this.#socket.write(part);
      else this.#socket.write(frame);
      this.#readyBytes -= frame.length;
    }
    this.#socket.uncork();
    // Those that are left are written when the first of them is ready.
    void frames.splice(0, written);
  }

  #waitFor(frame: PendingFrame): void {
    this.#isWaitingForFrame = true;
    frame.ready.then(
      (ready) => {
        this.#isWaitingForFrame = false;
        if (!this.isOpen) return;
        this.#ready[0] = ready;
        this.#readyBytes += ready.length - frame.length;
        this.flush();
      },
      () => this.terminate('websocket_stream_ended'),
    );
  }
}
