import { sql } from '@lightcone/local';
import type { RowOf } from '@lightcone/local';
import type { BrowserDatabase } from '@lightcone/local/browser';
import { useEffect, useState } from 'react';
import { schema } from './schema.ts';
import { keepSettings, readSettings } from './storage.ts';
import type { StorageSettings } from './storage.ts';
import type { SyncState } from './sync-state.ts';
import { useQuery } from './use-query.ts';

type Db = BrowserDatabase<typeof schema>;

const allToDos = sql`SELECT * FROM ToDo ORDER BY createdAt, id`.as(schema.ToDo);

export function App({ db }: { db: Db }) {
  const toDos = useQuery(db, allToDos);
  return (
    <>
      <h1>To do</h1>
      <NewToDo db={db} />
      <ul aria-label="To do">
        {toDos?.map((toDo) => (
          <Line key={toDo.id} db={db} toDo={toDo} />
        ))}
      </ul>
      <Sync db={db} />
    </>
  );
}

function NewToDo({ db }: { db: Db }) {
  const [title, setTitle] = useState('');
  const add = async (): Promise<void> => {
    await db.ToDo.save({ title: title.trim(), createdAt: new Date() });
    setTitle('');
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (title.trim() !== '') void add();
      }}
    >
      <input aria-label="What" value={title} onChange={({ target }) => setTitle(target.value)} />
      <button>Add</button>
    </form>
  );
}

function Line({ db, toDo }: { db: Db; toDo: RowOf<typeof schema, 'ToDo'> }) {
  const { id, title, isDone } = toDo;
  return (
    <li>
      <label>
        <input type="checkbox" checked={isDone} onChange={() => void db.ToDo.update(id, { isDone: !isDone })} />
        {title}
      </label>
      <button aria-label={`Delete ${title}`} onClick={() => void db.ToDo.delete(id)}>
        ×
      </button>
    </li>
  );
}

const fields = ['endpoint', 'bucket', 'accessKeyId', 'secretAccessKey', 'passphrase'] as const;

function Sync({ db }: { db: Db }) {
  const [sync, setSync] = useState<SyncState>();
  useEffect(() => db.onTold((what) => setSync(what as SyncState)), [db]);
  const settings = readSettings();
  const where = settings === undefined ? 'on this device only' : `synced with ${settings.bucket}`;
  const isSecret = (field: string): boolean => field === 'secretAccessKey' || field === 'passphrase';
  return (
    <details>
      <summary role="status">
        {sync?.error ?? where}
        {db.isDurable ? '' : ' (not kept: this browser has no private files)'}
      </summary>
      <form
        action={(data) => {
          // They are texts, none of them files.
          const entered = Object.fromEntries(fields.map((field) => [field, data.get(field) as string]));
          keepSettings(entered['endpoint'] === '' ? undefined : (entered as unknown as StorageSettings));
          location.reload();
        }}
      >
        {fields.map((field) => (
          <label key={field}>
            {field}
            <input name={field} type={isSecret(field) ? 'password' : 'text'} defaultValue={settings?.[field] ?? ''} />
          </label>
        ))}
        <button>Sync with this bucket</button>
      </form>
    </details>
  );
}
