import type { Subprotocol } from '@lightcone/protocol';
import type {
  CallResult,
  DatabaseMetrics,
  HttpHandlerResult,
  HttpRequest,
  SqlResult,
  UpdatePlan,
} from '@lightcone/engine';
import type { DatabaseConfig } from '../config.ts';

/*
 * What the gateway and the thread of a database say to each other. Frames and outbound batches cross
 * as bare `ArrayBuffer`s, transferred, many frames at once; what is rare crosses as objects.
 */

/** The request that a new thread answers, or fails, without being asked. */
export const STARTED = 0;

/** What a new thread is told. */
export interface ThreadStart extends DatabaseConfig {
  readonly identity: string;
  readonly owner: string;
  /** Where it keeps its log; undefined for a database in memory. */
  readonly path: string | undefined;
  /** Given to make a database; undefined to open the one that the log has. */
  readonly program: Uint8Array | undefined;
  /** Whether an archive gets the log: nothing is removed that it does not have. */
  readonly isArchived: boolean;
  /** Where it says which frame batches it is done with: see `DoneBatches`. */
  readonly batchesDone: SharedArrayBuffer;
}

export interface CallerMessage {
  /** 64 hex digits. */
  readonly identity: string;
  /** 32 hex digits. */
  readonly connectionId: string;
  readonly jwtPayload: string;
}

export interface ConnectMessage extends CallerMessage {
  readonly tag: 'connect';
  readonly number: number;
  readonly token: string;
  readonly protocol: Subprotocol;
  readonly isConfirmed: boolean;
  readonly isLight: boolean;
}

/** What can be asked of a database, and what it answers. */
export interface DatabaseRequests {
  /** Calls a function with arguments as JSON text, over a connection of its own. */
  call: { readonly input: CallInput; readonly answer: CallResult };
  sql: { readonly input: SqlInput; readonly answer: SqlAnswer };
  /** Runs SQL for a session of the Postgres interface; what it answers is durable. */
  postgresSql: { readonly input: PostgresSqlInput; readonly answer: PostgresSqlAnswer };
  /** Answers a request to one of the module's routes. */
  handleHttp: { readonly input: HttpInput; readonly answer: HttpHandlerResult };
  schema: { readonly input: 9 | 10; readonly answer: string };
  /** What an update would do. */
  planUpdate: { readonly input: PlanInput; readonly answer: UpdateAssessment };
  update: { readonly input: UpdateInput; readonly answer: UpdateAnswer };
  metrics: { readonly input: undefined; readonly answer: DatabaseMetrics };
  /** The offset of the last durable transaction; undefined in memory. */
  durableTxOffset: { readonly input: undefined; readonly answer: number | undefined };
  /** Takes a snapshot of what is committed; answers with its tx offset. */
  takeSnapshot: { readonly input: undefined; readonly answer: number };
  /** The archive has all transactions before this one. */
  archivedBefore: { readonly input: number; readonly answer: undefined };
  /** Lets nothing of the log go, until as many have said false as said true. */
  holdLog: { readonly input: boolean; readonly answer: undefined };
  /** Disconnects everybody, makes everything durable, and ends the thread. */
  stop: { readonly input: undefined; readonly answer: undefined };
}

export type RequestKind = keyof DatabaseRequests;
/** What anybody may ask for, whatever it takes: it is done in the asker's turn. */
export type AskedKind = 'call' | 'sql' | 'postgresSql' | 'handleHttp' | 'schema';

export interface CallInput {
  readonly caller: CallerMessage;
  readonly functionName: string;
  /** The request's body: a JSON array of positional arguments, or an object by name. */
  readonly args: string;
}

export interface HttpInput {
  /** What follows `/route`, decoded. */
  readonly path: string;
  readonly request: HttpRequest;
  readonly body: Uint8Array;
  /** The address that it comes from. */
  readonly from: string;
}

export interface SqlInput {
  readonly caller: CallerMessage;
  readonly text: string;
  readonly isConfirmed: boolean;
}

export type SqlAnswer =
  /** `json` is the body of the answer over HTTP. */
  | { readonly kind: 'ok'; readonly json: string; readonly durationMicros: number }
  | Exclude<SqlResult, { readonly kind: 'ok' }>;

export type PostgresSqlInput = Omit<SqlInput, 'isConfirmed'>;

export type PostgresSqlAnswer =
  /** `messages` is what the client gets, as bytes of its protocol. */
  { readonly kind: 'ok'; readonly messages: Uint8Array } | Exclude<SqlResult, { readonly kind: 'ok' }>;

export interface PlanInput {
  readonly program: Uint8Array;
  /** Whether the plan is told in the colours of a terminal. */
  readonly hasColours: boolean;
}

export interface UpdateAssessment extends UpdatePlan {
  /** Keccak-256 over both programs, which a publish that may break clients must repeat: 64 hex digits. */
  readonly token: string;
}

export interface UpdateInput {
  readonly program: Uint8Array;
  readonly mayBreakClients: boolean;
  /** Given when `mayBreakClients`: the token of the plan that was agreed to. */
  readonly token: string | undefined;
}

export type UpdateAnswer =
  | { readonly tag: 'updated' }
  /** The program is the one that runs. */
  | { readonly tag: 'unchanged' }
  /** The migration is impossible, or not the one agreed to; nothing changed. */
  | { readonly tag: 'rejected'; readonly message: string };

export type ToDatabase =
  | ArrayBuffer
  | ConnectMessage
  | { readonly tag: 'disconnect'; readonly number: number }
  | {
      readonly tag: 'request';
      readonly id: number;
      readonly kind: RequestKind;
      readonly input: unknown;
      /** In whose turn it is done; undefined for what is done when it comes. */
      readonly asker: string | undefined;
    };

export type FromDatabase =
  | ArrayBuffer
  /** A batch that does not fill its memory. */
  | Uint8Array
  | { readonly tag: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly tag: 'failure'; readonly id: number; readonly code: string; readonly message: string }
  /** Whole lines, each a JSON object. */
  | { readonly tag: 'log'; readonly lines: string };
