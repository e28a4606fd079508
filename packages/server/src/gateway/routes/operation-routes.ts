import { empty, json } from '../answer.ts';
import type { Route } from '../route.ts';
import type { RouteContext } from './context.ts';

/** The protocol version that clients and tools are told. */
const COMPATIBLE_VERSION = '2.8.3';

/** Whether the server lives, and how it does. */
export function operationRoutes({ metrics }: RouteContext): Route[] {
  return [
    { path: '/v1/ping', auth: 'find', methods: { GET: () => empty(200) } },
    {
      path: '/v1/health',
      auth: 'none',
      methods: {
        GET: () =>
          json({ nodes: [0], package_name: 'spacetimedb-client-api', schedulable: true, version: COMPATIBLE_VERSION }),
      },
    },
    {
      path: '/v1/metrics',
      auth: 'none',
      methods: {
        GET: async () => ({ status: 200, body: await metrics.text(), contentType: 'text/plain; charset=utf-8' }),
      },
    },
    {
      path: '/v1/prometheus/sd_config',
      auth: 'none',
      methods: { GET: () => json([{ targets: ['node:80'], labels: {} }]) },
    },
  ];
}
