import { empty, json } from '../answer.ts';
import { answersJson, answersNothing, listOf, object, STRING, TEXT } from '../openapi/operation.ts';
import { ref } from '../openapi/schemas.ts';
import type { Route } from '../route.ts';
import type { RouteContext } from './context.ts';

/** The protocol version that clients and tools are told. */
export const COMPATIBLE_VERSION = '2.8.3';

/** Whether the server lives, and how it does. */
export function operationRoutes(context: RouteContext): Route[] {
  return [
    {
      path: '/v1/ping',
      auth: 'find',
      methods: {
        GET: {
          id: 'ping',
          summary: 'Whether the server answers',
          answers: { 200: answersNothing('It does.') },
          handle: () => empty(200),
        },
      },
    },
    {
      path: '/v1/health',
      auth: 'none',
      methods: {
        GET: {
          id: 'getHealth',
          summary: 'What the server is',
          answers: { 200: answersJson('It is well.', ref('Health')) },
          handle: () =>
            json({
              nodes: [0],
              package_name: 'spacetimedb-client-api',
              schedulable: true,
              version: COMPATIBLE_VERSION,
            }),
        },
      },
    },
    {
      path: '/v1/metrics',
      auth: 'none',
      methods: {
        GET: {
          id: 'getMetrics',
          summary: 'Metrics for Prometheus',
          answers: { 200: { description: 'In Prometheus’ text format.', content: { [TEXT]: STRING } } },
          handle: async () => ({ status: 200, body: await context.metricsText(), contentType: TEXT }),
        },
      },
    },
    {
      path: '/v1/prometheus/sd_config',
      auth: 'none',
      methods: {
        GET: {
          id: 'getPrometheusTargets',
          summary: 'Where Prometheus finds this server',
          answers: {
            200: answersJson(
              'For the HTTP service discovery of Prometheus.',
              listOf(object({ targets: listOf(STRING), labels: { type: 'object' } })),
            ),
          },
          handle: () => json([{ targets: ['node:80'], labels: {} }]),
        },
      },
    },
  ];
}
