import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES } from '@lightcone/engine/gateway';
import { SUBPROTOCOLS } from '@lightcone/protocol';
import type { Logger } from 'pino';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { findOrMintCaller } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { WebSocketConfig } from '../config.ts';
import type { RunningDatabase } from '../running-database.ts';
import { Connection } from './connection.ts';
import type { DisconnectCause } from './connection.ts';
import { CORS_HEADERS, describeError, identityHeaders } from './http-application.ts';
import type { RejectionCause } from '../databases.ts';
import { HttpError } from './http-error.ts';
import { QueryString } from './query-string.ts';
import { ReadingTurns } from './reading-turns.ts';
import type { Route } from './route.ts';
import { mustDatabase } from './routes/context.ts';
import type { RouteContext } from './routes/context.ts';
import {
  checkSubscribeRequest,
  NoCommonProtocol,
  SUBSCRIBE_DESCRIPTION,
  SUBSCRIBE_PATH,
  subscribeTarget,
  upgradeRequired,
} from './subscribe-request.ts';
import type { SubscribeRequest } from './subscribe-request.ts';
import { readWholeFrames } from './whole-frames.ts';

const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;
const MAX_KEEP_ALIVE_TICK_MS = 1000;

/** What is heard when there was no close frame: RFC 6455 §7.4.1. */
const ENDED_WITHOUT_CLOSE = 1006;

/** Turns requests to subscribe into connections to their databases, and keeps those alive. */
export class WebSocketGateway {
  readonly #context: RouteContext;
  readonly #config: WebSocketConfig;
  readonly #log: Logger;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<Connection>();
  readonly #readingTurns = new ReadingTurns<Connection>();
  /** Runs while there are connections. */
  #keepAlive: NodeJS.Timeout | undefined;
  /** Who was let in, for the headers of the answer. */
  readonly #callers = new WeakMap<IncomingMessage, Caller>();
  #nextNumber = 0;
  #isRefusing = false;
  #onEmpty: (() => void) | undefined;

  constructor(context: RouteContext, config: WebSocketConfig, log: Logger) {
    this.#context = context;
    this.#config = config;
    this.#log = log;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
    });
    this.#server.on('headers', (headers, request) => {
      const caller = this.#callers.get(request);
      const added = { ...CORS_HEADERS, ...(caller && identityHeaders(caller)) };
      for (const [name, value] of Object.entries(added)) headers.push(`${name}: ${value}`);
    });
  }

  /** Requests that ask for something else than a WebSocket here; they get the first thing that is wrong with them. */
  route(): Route {
    return {
      path: SUBSCRIBE_PATH,
      auth: 'mint',
      methods: {
        GET: {
          ...SUBSCRIBE_DESCRIPTION,
          handle: ({ parameters, query, raw }) => {
            checkSubscribeRequest(this.#context, raw, parameters['database'] ?? '', query);
            throw upgradeRequired();
          },
        },
      },
    };
  }

  /** Whether `upgrade` is to have a request. */
  static takes(request: IncomingMessage): boolean {
    return (
      request.method === 'GET' &&
      request.headers.upgrade?.toLowerCase() === 'websocket' &&
      /^\/v1\/database\/[^/?]+\/subscribe(?:\?|$)/u.test(request.url ?? '')
    );
  }

  /** Answers a request that `takes` took: a WebSocket, or an error and the end of the socket. Never rejects. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (isAnswering(request, socket as Socket)) {
      socket.destroy();
      return;
    }
    const onError = (): void => void socket.destroy();
    socket.on('error', onError);
    try {
      const query = QueryString.parse(request.url ?? '');
      const { tokens, databases } = this.#context;
      const { remoteAddress } = request.socket;
      const caller = await findOrMintCaller(tokens, request.headers.authorization, query.text('token'), remoteAddress);
      this.#callers.set(request, caller);
      const target = subscribeTarget(request.url ?? '') ?? '';
      const subscribe = checkSubscribeRequest(this.#context, request, target, query);
      const database = await databases.open(subscribe.record);
      if (this.#isRefusing) throw new HttpError(503, 'The server is stopping');
      if (socket.destroyed) return;
      socket.off('error', onError);
      const begun = withWaiting(head, socket);
      this.#server.handleUpgrade(request, socket, begun, (webSocket) => {
        // Sockets of an HTTP server are sockets of `net`.
        this.#accept(webSocket, socket as Socket, begun, subscribe, caller, database);
      });
    } catch (error) {
      this.#countRejection(request, error);
      this.#refuse(request, socket as Socket, error as Error);
    }
  }

  /** Counts for the database that a request names, if there is one. */
  #countRejection({ url = '' }: IncomingMessage, error: unknown): void {
    let identity: string;
    try {
      ({ identity } = mustDatabase(this.#context, subscribeTarget(url) ?? ''));
    } catch {
      return; // it names none
    }
    this.#context.databases.countRejection(identity, causeOfRejection(error));
  }

  /** Refuses new connections; those that are open end with their databases. */
  refuse(): void {
    this.#isRefusing = true;
  }

  /** Waits for the connections that are closing, not longer than the close handshake may take. */
  async close(): Promise<void> {
    this.#isRefusing = true;
    this.#stopKeepAlive();
    if (this.#connections.size > 0) {
      const timeout = setTimeout(() => this.#terminateAll(), this.#config.closeHandshakeTimeoutMs);
      await new Promise<void>((resolve) => (this.#onEmpty = resolve));
      clearTimeout(timeout);
    }
  }

  #terminateAll(): void {
    for (const connection of this.#connections) connection.terminate('module_exited');
  }

  #startKeepAlive(): NodeJS.Timeout {
    const { pingIntervalMs, idleTimeoutMs } = this.#config;
    const tickMs = Math.min(pingIntervalMs, idleTimeoutMs, 4 * MAX_KEEP_ALIVE_TICK_MS) / 4;
    let lastTickMs = performance.now();
    const tick = (): void => {
      const nowMs = performance.now();
      // After a stall, of this process or the machine, what clients sent meanwhile has not been read yet.
      const wasStalled = nowMs - lastTickMs > 3 * tickMs;
      lastTickMs = nowMs;
      for (const connection of this.#connections) connection.keepAlive(nowMs, wasStalled);
    };
    return setInterval(tick, tickMs).unref();
  }

  #stopKeepAlive(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }

  #accept(
    webSocket: WebSocket,
    socket: Socket,
    head: Buffer,
    { subprotocol, compression, isConfirmed, isLight, connectionId }: SubscribeRequest,
    caller: Caller,
    database: RunningDatabase,
  ): void {
    const number = this.#nextNumber;
    this.#nextNumber = (number + 1) >>> 0;
    const packing = subprotocol === 'v1.json.spacetimedb' ? 'Text' : compression;
    const joinsMessages = subprotocol === 'v3.bsatn.spacetimedb';
    const options = { packing, joinsMessages, nowMs: performance.now(), pongs: database.counts.pongs } as const;
    const connection = new Connection(number, webSocket, socket, options, this.#config);
    this.#connections.add(connection);
    this.#keepAlive ??= this.#startKeepAlive();
    webSocket.on('message', (data, isBinary) => {
      // `ws` delivers one Buffer unless told otherwise.
      this.#receive(database, connection, data as Buffer, isBinary);
    });
    readWholeFrames(webSocket, socket, head, (payload) => this.#receive(database, connection, payload, true));
    webSocket.on('error', (error) => (connection.cause ??= causeOfError(error)));
    webSocket.on('close', (code) => {
      if (code === ENDED_WITHOUT_CLOSE) connection.cause ??= 'websocket_stream_ended';
      this.#connections.delete(connection);
      this.#readingTurns.forget(connection);
      if (this.#connections.size === 0) this.#stopKeepAlive();
      database.disconnect(connection);
      if (this.#connections.size === 0) this.#onEmpty?.();
    });
    database.connect(connection, {
      tag: 'connect',
      number,
      identity: caller.identity,
      connectionId,
      jwtPayload: caller.claims.payload,
      token: caller.token,
      protocol: subprotocol,
      isConfirmed,
      isLight,
    });
  }

  #receive(database: RunningDatabase, connection: Connection, frame: Buffer, isBinary: boolean): void {
    // What comes after our close frame is not looked at.
    if (!connection.isOpen) return;
    if (frame.length === 0) {
      connection.close(CLOSE_CODES.internalError, 'a frame without a message', 'client_message_error');
    } else if (connection.frames.length >= this.#config.incomingQueueLength) {
      database.thread.drop(connection);
      connection.close(CLOSE_CODES.tryAgainLater, 'too many requests', 'incoming_queue_full');
    } else {
      database.receive(connection, frame, !isBinary);
      if (connection.frames.waitingCount > 0) this.#readingTurns.hold(connection);
    }
  }

  #refuse(request: IncomingMessage, socket: Socket, error: Error): void {
    if (socket.destroyed) return;
    const { status, headers, body } = describeError(error, this.#log);
    const caller = this.#callers.get(request);
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    response.shouldKeepAlive = false;
    response.writeHead(status, {
      ...CORS_HEADERS,
      ...(caller && identityHeaders(caller)),
      ...headers,
      'content-length': Buffer.byteLength(body),
    });
    response.end(body, () => socket.destroySoon());
  }
}

/** What came with a request and since then: a client need not wait for its answer to send frames. */
function withWaiting(head: Buffer, socket: Duplex): Buffer {
  const waiting = socket.read() as Buffer | null;
  return waiting === null ? head : Buffer.concat([head, waiting]);
}

/** @param error of `ws` or of the socket */
function causeOfError({ code = '' }: Error & { code?: string }): DisconnectCause {
  if (code === 'WS_ERR_INVALID_UTF8') return 'websocket_utf8';
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'websocket_capacity';
  if (code.startsWith('WS_ERR_')) return 'websocket_protocol';
  return /^E[A-Z]+$/u.test(code) ? 'websocket_io' : 'websocket_receive_error';
}

function causeOfRejection(error: unknown): RejectionCause {
  if (error instanceof NoCommonProtocol) return 'invalid_protocol';
  if (!(error instanceof HttpError)) return 'actor_startup_failure';
  return error.status === 401 ? 'authorization_failed' : 'websocket_upgrade_error';
}

/**
 * Whether an answer to an earlier request of the same connection is still to come: a WebSocket, or an error, would run
 * into it. No client that knows HTTP asks for an upgrade before it has all its answers (RFC 9110 §7.8).
 */
function isAnswering(request: IncomingMessage, socket: Socket): boolean {
  const probe = new ServerResponse(request);
  try {
    probe.assignSocket(socket);
  } catch {
    return true; // a socket takes one response at a time
  }
  probe.detachSocket(socket);
  return false;
}
