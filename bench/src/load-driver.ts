import { performance } from 'node:perf_hooks';
import { readServerMessage } from '@lightcone/protocol';
import { ByteReader, ByteWriter } from '@lightcone/sats';
import { LoadSocket } from './load-socket.ts';

/** Writes the next call as a client message. */
export type WriteCall = (writer: ByteWriter, requestId: number) => void;

export interface Load {
  /** The WebSocket address, query included. */
  readonly url: string;
  readonly subprotocol: 'v2.bsatn.spacetimedb' | 'v3.bsatn.spacetimedb';
  readonly connections: number;
  /** Calls that each connection keeps unanswered. */
  readonly inFlight: number;
  /** What the connection of that number calls. */
  readonly callsOf: (connection: number) => WriteCall;
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Called when the steady state begins and when it ends, to read the server's clocks. */
  readonly onMeasureStart: () => void;
  readonly onMeasureEnd: () => void;
}

export interface LoadResult {
  /** Answered calls of the measured time, refused ones included. */
  readonly answers: number;
  readonly seconds: number;
  /** Answers that were not Ok, over the whole run. */
  readonly errors: number;
  readonly firstError: string | undefined;
  /** Milliseconds from sending a call to its answer. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Size of the answer to a call that committed and changed nothing that the caller watches. */
const OK_ANSWER_BYTES = 22;
const REDUCER_RESULT = 6;
const OUTCOME_AT = 13;

/**
 * Runs the load: every connection keeps `inFlight` calls unanswered, sending a new one for each
 * answer. Calls that become due together go out together: on v3 in one frame, on v2 in one each.
 */
export async function runLoad(load: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  const state = {
    isMeasuring: false,
    isStopping: false,
    answers: 0,
    errors: 0,
    firstError: undefined as string | undefined,
  };
  const connections = await Promise.all(Array.from({ length: load.connections }, (_, i) => openConnection(load, i)));

  const ended = connections.map((connection) => connection.run(state, latencies));
  await sleep(load.warmUpMs);
  load.onMeasureStart();
  const start = performance.now();
  state.isMeasuring = true;
  await sleep(load.measureMs);
  state.isMeasuring = false;
  const seconds = (performance.now() - start) / 1000;
  load.onMeasureEnd();
  state.isStopping = true;
  await Promise.all(ended);

  const sorted = Float64Array.from(latencies).sort();
  const quantile = (q: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
  return {
    answers: state.answers,
    seconds,
    errors: state.errors,
    firstError: state.firstError,
    p50: quantile(0.5),
    p99: quantile(0.99),
    p999: quantile(0.999),
  };
}

interface RunState {
  readonly isMeasuring: boolean;
  readonly isStopping: boolean;
  answers: number;
  errors: number;
  firstError: string | undefined;
}

interface Connection {
  /** Resolves when the load has stopped and every call is answered. */
  run(state: RunState, latencies: number[]): Promise<void>;
}

async function openConnection(load: Load, index: number): Promise<Connection> {
  // The first message says who we are; the calls start after it.
  const socket = await LoadSocket.open(load.url, load.subprotocol);
  const writeCall = load.callsOf(index);
  const isBatching = load.subprotocol === 'v3.bsatn.spacetimedb';
  const writer = new ByteWriter();
  const sentAt = new Float64Array(load.inFlight);
  const freeSlots: number[] = Array.from({ length: load.inFlight }, (_, slot) => slot);

  /** Sends one call for each free slot; the slot is the request id. */
  const send = (): void => {
    const now = performance.now();
    writer.reset();
    for (let slot = freeSlots.pop(); slot !== undefined; slot = freeSlots.pop()) {
      sentAt[slot] = now;
      writeCall(writer, slot);
      if (isBatching) continue;
      socket.send(writer.written());
      writer.reset();
    }
    if (writer.length > 0) socket.send(writer.written());
  };

  return {
    run: (state, latencies) =>
      new Promise((resolve, reject) => {
        socket.onEnd = (reason) => reject(new Error(reason));
        socket.onMessage = (frame, start, end) => {
          const now = performance.now();
          for (let at = start + 1; at < end;) {
            const slot = frame.readUInt32LE(at + 1);
            if (frame[at] === REDUCER_RESULT && frame[at + OUTCOME_AT] === 0) at += OK_ANSWER_BYTES;
            else at = readOtherAnswer(frame, at, state);
            if (state.isMeasuring) {
              state.answers++;
              latencies.push(now - sentAt[slot]!); // the slot is one of ours: it came back as it went
            }
            freeSlots.push(slot);
          }
          if (!state.isStopping) send();
          else if (freeSlots.length === load.inFlight) {
            socket.close();
            resolve();
          }
        };
        send();
      }),
  };
}

/** An answer that is no plain Ok: counted as an error. @returns where the next one starts */
function readOtherAnswer(frame: Buffer, at: number, state: RunState): number {
  const reader = new ByteReader(frame, at);
  const message = readServerMessage(reader);
  state.errors++;
  state.firstError ??= JSON.stringify(message, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  return reader.offset;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
