import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SUBPROTOCOLS } from '@lightcone/protocol';
import type { Compression, Subprotocol } from '@lightcone/protocol';
import type { DatabaseRecord } from '../control/control-database.ts';
import { HttpError } from './http-error.ts';
import { answersNothing, answersText, FLAG, oneOf, parameter } from './openapi/operation.ts';
import type { OperationDescription } from './openapi/operation.ts';
import type { QueryString } from './query-string.ts';
import { mustDatabase, referenceOf } from './routes/context.ts';
import type { RouteContext } from './routes/context.ts';

/** What a client asked for with the URL it connects to. */
export interface SubscribeRequest {
  readonly record: DatabaseRecord;
  readonly subprotocol: Subprotocol;
  readonly compression: Compression;
  readonly isConfirmed: boolean;
  /** On v1: of others' transactions, only what they changed. */
  readonly isLight: boolean;
  /** 32 hex digits. */
  readonly connectionId: string;
}

export const SUBSCRIBE_PATH = '/v1/database/:database/subscribe';

export const SUBSCRIBE_DESCRIPTION: OperationDescription = {
  id: 'subscribe',
  summary: 'Opens a WebSocket to a database',
  query: {
    compression: parameter('Of what the server sends; `Brotli` by default.', oneOf('None', 'Brotli', 'Gzip')),
    light: parameter('On v1: of others’ transactions, only what they changed.', FLAG),
    confirmed: parameter('Whether only durable changes are sent; by default they are, but on v1.', FLAG),
    connection_id: parameter('Made up if it is missing.', { type: 'string', pattern: '^[0-9a-f]{32}$' }),
  },
  headers: {
    'sec-websocket-protocol': parameter(`One or more of ${SUBPROTOCOLS.join(', ')}.`),
  },
  answers: {
    101: answersNothing('A WebSocket.'),
    400: answersText('The request is wrong, or names no protocol that the server has.'),
    426: answersText('The request asks for no WebSocket.'),
  },
};

/** A client that speaks none of the protocols that the server has. */
export class NoCommonProtocol extends HttpError {
  constructor() {
    super(400, 'no valid protocol selected');
  }
}

/** The database that a URL of this route names, as it stands there. */
export function subscribeTarget(url: string): string | undefined {
  const [, target] = /^\/v1\/database\/([^/?]+)\/subscribe(?:\?|$)/u.exec(url) ?? [];
  if (target === undefined) return undefined;
  try {
    return decodeURIComponent(target);
  } catch {
    throw new HttpError(400, 'Invalid URL: malformed percent encoding');
  }
}

/**
 * Checks a request to subscribe, in the order that clients know.
 * @throws HttpError for the first thing that is wrong
 */
export function checkSubscribeRequest(
  context: RouteContext,
  request: IncomingMessage,
  target: string,
  query: QueryString,
): SubscribeRequest {
  referenceOf(target);
  const compression = query.oneOf('compression', ['None', 'Brotli', 'Gzip']) ?? 'Brotli';
  const isLight = query.boolean('light') ?? false;
  const confirmed = query.boolean('confirmed');
  const connectionId = readConnectionId(query);
  checkUpgrade(request);
  if (/^0*$/u.test(connectionId)) {
    throw new HttpError(400, 'Invalid connection ID: the all-zeros ConnectionId is reserved.');
  }
  const record = mustDatabase(context, target);
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const subprotocol = SUBPROTOCOLS.find((name) => offered.includes(name));
  if (subprotocol === undefined) throw new NoCommonProtocol();
  // Clients of v1 are older than confirmed reads.
  const isConfirmed = confirmed ?? !subprotocol.startsWith('v1.');
  return { record, subprotocol, compression, isConfirmed, isLight, connectionId };
}

function readConnectionId(query: QueryString): string {
  const text = query.text('connection_id');
  if (text === undefined) return randomBytes(16).toString('hex');
  if (/^[0-9a-f]{32}$/iu.test(text)) return text.toLowerCase();
  throw new HttpError(400, 'Failed to deserialize query string: `connection_id`: expected 32 hex digits');
}

function checkUpgrade({ headers }: IncomingMessage): void {
  const asksUpgrade = (headers.connection ?? '').split(',').some((token) => token.trim().toLowerCase() === 'upgrade');
  if (!asksUpgrade || headers.upgrade?.toLowerCase() !== 'websocket') {
    throw upgradeRequired();
  }
  if (headers['sec-websocket-version'] !== '13') {
    throw new HttpError(400, "`Sec-WebSocket-Version` header did not include '13'");
  }
  if (headers['sec-websocket-key'] === undefined) throw new HttpError(400, '`Sec-WebSocket-Key` header missing');
}

export function upgradeRequired(): HttpError {
  const headers = { connection: 'upgrade', upgrade: 'websocket' };
  return new HttpError(426, 'This service requires use of the websocket protocol', undefined, headers);
}
