/**
 * Client bindings of the quickstart-chat module for the official `spacetimedb` package.
 *
 * Written by hand from `../src/lib.rs`. Keep the order of tables' columns and reducers' parameters: the wire
 * carries values without names.
 */
import {
  DbConnectionBuilder,
  DbConnectionImpl,
  procedures,
  reducers,
  reducerSchema,
  schema,
  t,
  table,
  type DbConnectionConfig,
  type ErrorContextInterface,
  type EventContextInterface,
  type Infer,
} from 'spacetimedb';

const userRow = t.row('User', {
  identity: t.identity().primaryKey(),
  name: t.option(t.string()),
  online: t.bool(),
});

const messageRow = t.row('Message', {
  sender: t.identity(),
  sent: t.timestamp(),
  text: t.string(),
});

const tables = schema({
  user: table({ name: 'user', public: true }, userRow),
  message: table({ name: 'message', public: true }, messageRow),
});

const remoteReducers = reducers(
  reducerSchema('set_name', { name: t.string() }),
  reducerSchema('send_message', { text: t.string() }),
);

const remoteModule = {
  ...tables.schemaType,
  ...remoteReducers.reducersType,
  ...procedures(),
  versionInfo: { cliVersion: '2.10.1' },
};

export type ChatModule = typeof remoteModule;
export type User = Infer<typeof userRow>;
export type Message = Infer<typeof messageRow>;
export type EventContext = EventContextInterface<ChatModule>;
export type ErrorContext = ErrorContextInterface<ChatModule>;

/** A connection to a chat database: `db` holds the rows subscribed to, `reducers` calls the module. */
export class ChatConnection extends DbConnectionImpl<ChatModule> {
  static builder(): DbConnectionBuilder<ChatConnection> {
    return new DbConnectionBuilder<ChatConnection>(
      remoteModule,
      (config: DbConnectionConfig<ChatModule>) => new ChatConnection(config),
    );
  }
}
