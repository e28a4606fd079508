import { TEXT } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** Logs. */
export const logsOutcomes: readonly Outcome[] = [
  {
    name: 'a log',
    method: 'GET',
    path: '/v1/database/people/logs?num_lines=1',
    as: 'owner',
    status: 200,
    type: 'application/x-ndjson',
    text: /^\{"level":"[A-Z][a-z]+","ts":\d+,.*\}\n$/u,
    sends: { 'cache-control': 'no-cache' },
  },
  {
    name: 'no line of it',
    method: 'GET',
    path: '/v1/database/people/logs?num_lines=0',
    as: 'owner',
    status: 200,
    text: '',
  },
  {
    name: 'more lines than there are',
    method: 'GET',
    path: '/v1/database/people/logs?num_lines=4294967295',
    as: 'owner',
    status: 200,
  },
  {
    name: 'a number that is too large',
    method: 'GET',
    path: '/v1/database/people/logs?num_lines=4294967296',
    as: 'owner',
    status: 400,
    type: TEXT,
  },
  {
    name: 'a follow that is no answer',
    method: 'GET',
    path: '/v1/database/people/logs?follow=yes',
    as: 'owner',
    status: 400,
  },
];
