import { TEXT, identityHeaders } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** WebSockets, for those who ask for none. */
export const webSocketsOutcomes: readonly Outcome[] = [
  {
    name: 'no upgrade',
    method: 'GET',
    path: '/v1/database/people/subscribe',
    status: 426,
    type: TEXT,
    sends: { upgrade: 'websocket', ...identityHeaders },
  },
  {
    name: 'no compression that there is',
    method: 'GET',
    path: '/v1/database/people/subscribe?compression=zip',
    status: 400,
    type: TEXT,
  },
  { name: 'no connection id', method: 'GET', path: '/v1/database/people/subscribe?connection_id=1', status: 400 },
  { name: 'no light', method: 'GET', path: '/v1/database/people/subscribe?light=2', status: 400 },
];
