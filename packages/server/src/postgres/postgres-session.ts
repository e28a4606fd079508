import { randomInt } from 'node:crypto';
import type { Socket } from 'node:net';
import { InvalidToken, UnknownIssuer, UnusableClaims } from '../auth/token-claims.ts';
import { newConnection } from '../auth/caller.ts';
import type { Caller } from '../auth/caller.ts';
import type { Tokens } from '../auth/tokens.ts';
import type { ControlDatabase, DatabaseRecord } from '../control/control-database.ts';
import type { Databases } from '../databases.ts';
import { DatabaseFailure } from '../database-thread/database-thread.ts';
import { ServerError } from '../errors.ts';
import { BackendWriter } from './backend-writer.ts';
import { FrontendInput, readText } from './frontend-input.ts';
import type { FrontendMessage } from './frontend-input.ts';
import { PostgresError, SQL_STATE } from './postgres-error.ts';
import { readStartupPacket } from './startup-packet.ts';
import type { StartupMessage } from './startup-packet.ts';

/** What sessions work with. */
export interface PostgresContext {
  readonly control: ControlDatabase;
  readonly databases: Databases;
  readonly tokens: Tokens;
  /** Is told of mistakes that are not the client's. */
  reportError(error: unknown): void;
}

/** Statements that were answered. The sessions of a gateway count together. */
export interface StatementCounts {
  succeeded: number;
  failed: number;
}

/** Clients tell by the first word that they do not talk to PostgreSQL; the number is the release we are compatible with. */
const SERVER_VERSION = 'spacetime 2.8.3';

const FIXED_PARAMETERS: Readonly<Record<string, string>> = {
  server_version: SERVER_VERSION,
  server_encoding: 'UTF8',
  client_encoding: 'UTF8',
  integer_datetimes: 'on',
  in_hot_standby: 'off',
  search_path: 'public',
  is_superuser: 'on',
  default_transaction_read_only: 'off',
  scram_iterations: '4096',
  TimeZone: 'Etc/UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  standard_conforming_strings: 'on',
};

/** What a client must take in its time, or is taken for gone. */
const PIECE_BYTES = 256 * 1024;

/** One wish for TLS and one for GSSAPI; clients send no more. */
const MAX_ENCRYPTION_REQUESTS = 2;

type Phase = { readonly tag: 'startup' } | { readonly tag: 'password'; readonly startup: StartupMessage } | ReadyPhase;

interface ReadyPhase {
  readonly tag: 'ready';
  readonly database: { readonly name: string; readonly identity: string };
  readonly caller: Caller;
}

/**
 * One client's session, from the first byte to the last: introduction, password, then one statement after another.
 *
 * It has all that it knows to itself. Messages are taken one at a time, the socket is read when all that came are
 * answered, and an answer is on its way before the next message is looked at: what waits for a client is one answer.
 */
export class PostgresSession {
  readonly #socket: Socket;
  readonly #context: PostgresContext;
  readonly #statements: StatementCounts;
  readonly #stalledWriteMs: number;
  readonly #input = new FrontendInput();
  #phase: Phase = { tag: 'startup' };
  #encryptionRequests = 0;
  #isAnswering = false;
  /** Why it is to end as soon as what is under way is answered. */
  #ending: PostgresError | undefined;

  /** @param stalledWriteMs how long a client may take for `PIECE_BYTES` of an answer */
  constructor(socket: Socket, context: PostgresContext, statements: StatementCounts, stalledWriteMs: number) {
    this.#socket = socket;
    this.#context = context;
    this.#statements = statements;
    this.#stalledWriteMs = stalledWriteMs;
  }

  /** Whether the client has yet to show who it is. */
  get isStarting(): boolean {
    return this.#phase.tag !== 'ready';
  }

  /** Serves the client until it leaves or is sent away. Never rejects; the last bytes may still be on their way. */
  async run(): Promise<void> {
    try {
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
        this.#input.push(chunk as Buffer);
        if (!(await this.#answerAll())) return;
      }
    } catch (error) {
      // What the socket throws means that nobody is there any more.
      if (!this.#socket.destroyed) await this.#fail(error);
    }
  }

  /** Ends the session: at once, or when its statement is answered. */
  end(reason: PostgresError): void {
    if (this.#ending !== undefined) return;
    this.#ending = reason;
    if (!this.#isAnswering) this.#socket.end(new BackendWriter().error(reason).finish());
  }

  /** Takes the messages that are whole. @returns whether the session goes on */
  async #answerAll(): Promise<boolean> {
    if (this.#ending !== undefined) return false;
    this.#isAnswering = true;
    while (this.#ending === undefined) {
      const progress = await this.#answerNext();
      if (progress === 'waiting') break;
      if (progress === 'over') return false;
    }
    this.#isAnswering = false;
    if (this.#ending === undefined) return true;
    await this.#send(new BackendWriter().error(this.#ending));
    return false;
  }

  async #answerNext(): Promise<'answered' | 'waiting' | 'over'> {
    const phase = this.#phase;
    if (phase.tag === 'startup') {
      const packet = this.#input.takeStartup();
      return packet === undefined ? 'waiting' : this.#introduce(packet);
    }
    const message = this.#input.take(phase.tag === 'ready');
    if (message === undefined) return 'waiting';
    if (message.kind === 'terminate') return 'over';
    if (phase.tag === 'password') await this.#authenticate(message, phase.startup);
    else await this.#execute(message, phase);
    return 'answered';
  }

  async #introduce(body: Buffer): Promise<'answered' | 'over'> {
    const packet = readStartupPacket(body);
    switch (packet.tag) {
      case 'cancel':
        // A statement cannot be taken back once it is on its way; PostgreSQL does not promise it either.
        return 'over';
      case 'encryption':
        if (++this.#encryptionRequests > MAX_ENCRYPTION_REQUESTS) throw violation('too many requests for encryption');
        await this.#write(Buffer.from('N'));
        return 'answered';
      case 'startup': {
        if ((packet.parameters.get('database') ?? '') === '') {
          throw new PostgresError('FATAL', SQL_STATE.noSuchDatabase, 'Database name is required');
        }
        const writer = new BackendWriter();
        if (packet.minorVersion > 0 || packet.unknownOptions.length > 0) {
          writer.negotiateProtocolVersion(0, packet.unknownOptions);
        }
        this.#phase = { tag: 'password', startup: packet };
        await this.#send(writer.authenticationCleartextPassword());
        return 'answered';
      }
    }
  }

  async #authenticate({ body }: FrontendMessage, { parameters }: StartupMessage): Promise<void> {
    const token = readText(body);
    const name = parameters.get('database') ?? '';
    const identity = this.#context.control.findIdentity(name);
    if (identity === undefined || this.#context.control.findDatabase(identity) === undefined)
      throw noSuchDatabase(name);
    const caller = await this.#readCaller(token);
    this.#phase = { tag: 'ready', database: { name, identity }, caller };
    const writer = new BackendWriter().authenticationOk();
    for (const [parameter, value] of Object.entries(FIXED_PARAMETERS)) writer.parameterStatus(parameter, value);
    writer.parameterStatus('application_name', parameters.get('application_name') ?? '');
    writer.parameterStatus('session_authorization', parameters.get('user') ?? '');
    // Both are only echoed by requests to cancel, which do nothing here.
    writer.backendKeyData(randomInt(1, 2 ** 31), randomInt(0, 2 ** 31));
    await this.#send(writer.readyForQuery());
  }

  async #readCaller(token: string): Promise<Caller> {
    try {
      const claims = await this.#context.tokens.verify(token);
      return { identity: claims.identity, token, claims, asker: claims.identity };
    } catch (error) {
      if (error instanceof UnknownIssuer) {
        throw new PostgresError('FATAL', SQL_STATE.invalidPassword, error.message);
      }
      if (!(error instanceof InvalidToken)) throw error;
      const hint = 'The password is a token, such as the one that `spacetime login show --token` prints.';
      const code = error instanceof UnusableClaims ? SQL_STATE.notAuthorized : SQL_STATE.invalidPassword;
      throw new PostgresError('FATAL', code, `Invalid token: ${error.message}`, hint);
    }
  }

  async #execute({ kind, body }: FrontendMessage, phase: ReadyPhase): Promise<void> {
    switch (kind) {
      case 'query':
        await this.#query(body, phase);
        break;
      case 'extended':
        throw new PostgresError(
          'FATAL',
          SQL_STATE.protocolViolation,
          'This feature is not implemented.',
          'Only simple queries are: send statements as texts, without parameters and without preparing them.',
        );
      default:
        throw violation(`unexpected ${kind} message`);
    }
  }

  async #query(body: Buffer, { database, caller }: ReadyPhase): Promise<void> {
    try {
      const text = readText(body);
      if (/^\s*;?\s*$/u.test(text)) {
        await this.#send(new BackendWriter().emptyQueryResponse().readyForQuery());
        return;
      }
      const record = this.#context.control.findDatabase(database.identity);
      if (record === undefined) throw noSuchDatabase(database.name);
      const messages = await this.#run(text, record, caller);
      this.#statements.succeeded++;
      await this.#write(messages);
      await this.#send(new BackendWriter().readyForQuery());
    } catch (error) {
      const failure = this.#describe(error);
      this.#statements.failed++;
      if (failure.severity === 'FATAL') throw failure;
      await this.#send(new BackendWriter().error(failure).readyForQuery());
    }
  }

  /** @returns the messages that tell what a statement gave */
  async #run(text: string, record: DatabaseRecord, caller: Caller): Promise<Uint8Array> {
    const database = await this.#context.databases.open(record);
    const input = { caller: newConnection(caller), text };
    const result = await database.thread.ask(caller.asker, 'postgresSql', input, Buffer.byteLength(text));
    switch (result.kind) {
      case 'ok':
        return result.messages;
      case 'error':
        throw new PostgresError('ERROR', SQL_STATE.internalError, `(Sql) ${result.message}`);
      case 'rateLimited':
      case 'overloaded': {
        const hint = `Try again in ${result.retryAfterSeconds} s.`;
        throw new PostgresError('ERROR', SQL_STATE.insufficientResources, result.message, hint);
      }
      case 'connectRejected':
        throw new PostgresError('ERROR', SQL_STATE.notAuthorized, result.message);
    }
  }

  async #fail(error: unknown): Promise<void> {
    const { code, message, hint } = this.#describe(error);
    await this.#send(new BackendWriter().error(new PostgresError('FATAL', code, message, hint)));
  }

  /** What the client is told of an error. What is not its mistake is logged, and not told. */
  #describe(error: unknown): PostgresError {
    if (error instanceof PostgresError) return error;
    if (error instanceof DatabaseFailure || error instanceof ServerError) {
      return new PostgresError('ERROR', SQL_STATE.cannotConnectNow, error.message);
    }
    this.#context.reportError(error);
    return new PostgresError(
      'ERROR',
      SQL_STATE.internalError,
      'Internal server error; the server log has the details.',
    );
  }

  #send(writer: BackendWriter): Promise<void> {
    return this.#write(writer.finish());
  }

  /** Resolves when the bytes have left, or the socket has ended: by itself, or because the client takes nothing. */
  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#socket.destroyed; at += PIECE_BYTES) {
      const stalled = setTimeout(() => this.#socket.destroy(), this.#stalledWriteMs);
      await new Promise<void>((resolve) => this.#socket.write(bytes.subarray(at, at + PIECE_BYTES), () => resolve()));
      clearTimeout(stalled);
    }
  }
}

function noSuchDatabase(name: string): PostgresError {
  return new PostgresError('FATAL', SQL_STATE.noSuchDatabase, `database "${name}" does not exist`);
}

function violation(message: string): PostgresError {
  return new PostgresError('FATAL', SQL_STATE.protocolViolation, message);
}
