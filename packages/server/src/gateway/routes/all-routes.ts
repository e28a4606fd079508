import type { Route } from '../route.ts';
import type { RouteContext } from './context.ts';
import { databaseRoutes } from './database-routes.ts';
import { functionRoutes } from './function-routes.ts';
import { identityRoutes } from './identity-routes.ts';
import { nameRoutes } from './name-routes.ts';
import { operationRoutes } from './operation-routes.ts';
import { publishRoutes } from './publish-routes.ts';

/** All routes but the one that becomes a WebSocket. */
export function allRoutes(context: RouteContext): Route[] {
  return [
    ...operationRoutes(context),
    ...identityRoutes(context),
    ...publishRoutes(context),
    ...databaseRoutes(context),
    ...nameRoutes(context),
    ...functionRoutes(context),
  ];
}
