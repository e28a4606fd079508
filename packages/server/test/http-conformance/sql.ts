import { TEXT, JSON_TYPE, identityHeaders } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** SQL. */
export const sqlOutcomes: readonly Outcome[] = [
  {
    name: 'SQL that need not be durable',
    method: 'POST',
    path: '/v1/database/people/sql?confirmed=false',
    body: 'SELECT COUNT(*) AS n FROM person',
    status: 200,
    type: JSON_TYPE,
    sends: { 'spacetime-execution-duration-micros': /^\d+$/u, ...identityHeaders },
  },
  {
    name: 'SQL that is no UTF-8',
    method: 'POST',
    path: '/v1/database/people/sql',
    body: Uint8Array.of(0xff),
    status: 400,
    type: TEXT,
    text: /UTF-8/u,
  },
  {
    name: 'SQL with any content type',
    method: 'POST',
    path: '/v1/database/people/sql',
    headers: { 'content-type': 'a/b' },
    body: 'SELECT * FROM person',
    status: 200,
  },
];
