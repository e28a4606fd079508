import { openDb } from '@lightcone/local/browser';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { schema } from './schema.ts';
import { readSettings } from './storage.ts';

const worker = new Worker(new URL('./database-worker.ts', import.meta.url), { type: 'module' });
const db = await openDb({ schema, worker, config: readSettings() });
createRoot(document.getElementById('app')!).render(<App db={db} />); // index.html has it
