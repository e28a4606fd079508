import { jsonText } from '../answer.ts';
import { openApiDocument } from '../openapi/openapi-document.ts';
import { answersJson } from '../openapi/operation.ts';
import type { Route } from '../route.ts';
import { COMPATIBLE_VERSION } from './operation-routes.ts';

/** The route that describes all routes, itself included. */
export function openApiRoute(others: readonly Route[]): Route {
  // Made when somebody asks: it is 200 kB.
  let text: string | undefined;
  const route: Route = {
    path: '/v1/openapi.json',
    auth: 'none',
    methods: {
      GET: {
        id: 'getOpenApi',
        summary: 'This document',
        answers: { 200: answersJson('OpenAPI 3.1.', { type: 'object', required: ['openapi', 'info', 'paths'] }) },
        handle: () => jsonText((text ??= JSON.stringify(openApiDocument([...others, route], COMPATIBLE_VERSION)))),
      },
    },
  };
  return route;
}
