import { DELAY_BOUNDS_SECONDS } from '@lightcone/engine/gateway';
import type { DisconnectCause } from '../gateway/connection.ts';
import type { StartCounts } from '../databases.ts';
import type { RunningDatabase } from '../running-database.ts';
import type { ScrapedMetrics } from './scraped-metrics.ts';
import { SIZE_BOUNDS_BYTES } from './size-histogram.ts';

/** Those after which the client has heard no close frame. */
const WITHOUT_CLOSE: ReadonlySet<DisconnectCause> = new Set([
  'idle_timeout',
  'outgoing_queue_full',
  'websocket_receive_error',
  'websocket_io',
  'websocket_stream_ended',
]);

/** What the gateway knows of a database: its connections, and how it was started. */
export class ConnectionMetrics {
  readonly #scraped: ReturnType<typeof declareMetrics>;

  constructor(scraped: ScrapedMetrics) {
    this.#scraped = declareMetrics(scraped);
  }

  read(running: RunningDatabase): void {
    const { identity, counts, connectionCount, sentFrames } = running;
    const db = { db: identity };
    const database = { database_identity: identity };
    let incoming = 0;
    let outgoing = 0;
    let outgoingBytes = 0;
    for (const connection of running.connections()) {
      incoming += connection.frames.length;
      outgoing += connection.waitingFrames;
      outgoingBytes += connection.outgoingBytes;
    }
    this.#scraped.incoming.set(db, incoming);
    this.#scraped.outgoing.set(db, outgoing);
    this.#scraped.outgoingBytes.set(db, outgoingBytes);
    this.#scraped.clients.set(database, connectionCount);
    this.#scraped.startSeconds.set(db, counts.startSeconds);
    this.#scraped.spawned.set(database, counts.accepted);
    for (const [protocol, sizes] of Object.entries(counts.received)) {
      this.#scraped.requests.inc({ ...database, protocol }, sizes.count);
      this.#scraped.requestSizes.set({ ...database, protocol }, sizes.counts, sizes.bytes);
    }
    this.#scraped.sentSizes.set(db, sentFrames.counts, sentFrames.bytes);
    this.#scraped.pongs.set(db, counts.pongs.counts, counts.pongs.sumSeconds);
    this.#scraped.httpBytes.inc(db, counts.httpBytes);
    let aborted = 0;
    let closed = 0;
    for (const [cause, count] of counts.disconnected) {
      this.#scraped.disconnections.inc({ ...database, cause }, count);
      if (WITHOUT_CLOSE.has(cause)) aborted += count;
      else closed += count;
    }
    this.#scraped.aborted.set(database, aborted);
    this.#scraped.closed.set(database, closed);
    this.#scraped.idle.inc(database, counts.disconnected.get('idle_timeout') ?? 0);
    this.#scraped.outgoingDisconnects.inc(db, counts.disconnected.get('outgoing_queue_full') ?? 0);
  }

  /** What is known of a database whether or not it runs. */
  readStarts(identity: string, { attempts, failures, rejected }: StartCounts): void {
    const database = { database_identity: identity };
    this.#scraped.startAttempts.inc(database, attempts);
    this.#scraped.startFailures.inc(database, failures);
    for (const [cause, count] of rejected) this.countRejections(identity, cause, count);
  }

  countRejections(identity: string, cause: string, count: number): void {
    if (count > 0) this.#scraped.rejections.inc({ database_identity: identity, cause }, count);
  }
}

function declareMetrics(scraped: ScrapedMetrics) {
  const identity = 'database_identity';
  return {
    clients: scraped.gauge('spacetime_worker_connected_clients', 'Clients connected to a database.', identity),
    spawned: scraped.gauge('spacetime_worker_ws_clients_spawned', 'Connections that were accepted.', identity),
    aborted: scraped.gauge('spacetime_worker_ws_clients_aborted', 'Those that ended without a close.', identity),
    closed: scraped.gauge('spacetime_worker_ws_clients_closed_connection', 'Those that were closed.', identity),
    idle: scraped.counter(
      'spacetime_worker_ws_clients_idle_timed_out_total',
      'Connections that were ended as nothing was heard of them.',
      identity,
    ),
    disconnections: scraped.counter(
      'spacetime_worker_ws_client_disconnections_total',
      'Connections that ended, by cause.',
      identity,
      'cause',
    ),
    rejections: scraped.counter(
      'spacetime_worker_ws_client_rejections_total',
      'Connections that did not come about, by cause.',
      identity,
      'cause',
    ),
    requests: scraped.counter(
      'spacetime_websocket_requests_total',
      'Frames received from clients.',
      identity,
      'protocol',
    ),
    requestSizes: scraped.histogram(
      'spacetime_websocket_request_msg_size',
      'Bytes of the frames received from clients.',
      SIZE_BOUNDS_BYTES,
      identity,
      'protocol',
    ),
    sentSizes: scraped.histogram(
      'spacetime_websocket_sent_msg_size_bytes',
      'Bytes of the frames sent to clients; of large ones before they are compressed.',
      SIZE_BOUNDS_BYTES,
      'db',
    ),
    pongs: scraped.histogram(
      'spacetime_websocket_pong_rtt_secs',
      'Time from a ping to its pong.',
      DELAY_BOUNDS_SECONDS,
      'db',
    ),
    incoming: scraped.gauge('spacetime_total_incoming_queue_length', 'Frames that wait for a database.', 'db'),
    outgoing: scraped.gauge(
      'spacetime_total_outgoing_queue_length',
      'Frames that wait for one that is being compressed.',
      'db',
    ),
    outgoingBytes: scraped.gauge('lightcone_outgoing_queue_bytes', 'Bytes that wait for clients to take them.', 'db'),
    outgoingDisconnects: scraped.counter(
      'spacetime_client_outgoing_queue_disconnects_total',
      'Clients that were dropped as too much waited for them.',
      'db',
    ),
    httpBytes: scraped.counter(
      'spacetime_http_response_size_bytes_total',
      'Bytes of the answers to calls, SQL and requests to routes of modules over HTTP.',
      'db',
    ),
    startAttempts: scraped.counter(
      'spacetime_module_host_init_attempts_total',
      'Attempts to start a database.',
      identity,
    ),
    startSeconds: scraped.gauge(
      'spacetime_replay_total_time_seconds',
      'How long a database took to start: its thread, its snapshot, its log, its module.',
      'db',
    ),
    startFailures: scraped.counter('spacetime_module_host_init_failures_total', 'Those that failed.', identity),
  };
}
