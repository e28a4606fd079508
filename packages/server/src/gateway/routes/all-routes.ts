import type { Route } from '../route.ts';
import type { RouteContext } from './context.ts';
import { backupRoutes } from './backup-routes.ts';
import { databaseRoutes } from './database-routes.ts';
import { functionRoutes } from './function-routes.ts';
import { identityRoutes } from './identity-routes.ts';
import { mcpRoutes } from './mcp-routes.ts';
import { nameRoutes } from './name-routes.ts';
import { openApiRoute } from './openapi-route.ts';
import { operationRoutes } from './operation-routes.ts';
import { publishRoutes } from './publish-routes.ts';

/** All routes but those of modules. @param subscribe the one that becomes a WebSocket */
export function allRoutes(context: RouteContext, subscribe: Route): Route[] {
  const routes = [
    subscribe,
    ...operationRoutes(context),
    ...identityRoutes(context),
    ...publishRoutes(context),
    ...databaseRoutes(context),
    ...backupRoutes(context),
    ...nameRoutes(context),
    ...functionRoutes(context),
    ...mcpRoutes(context),
  ];
  return [...routes, openApiRoute(routes)];
}
