import type { ModuleFunction } from '@lightcone/host';
import type { HttpMethod, ModuleDef } from '@lightcone/schema';

/**
 * The handler that a module's router has for a method and a path: that of the first route with exactly
 * this path and this method or any.
 * @param method as on the wire
 */
export function findHttpRoute(def: ModuleDef, method: string, path: string): ModuleFunction | undefined {
  const route = def.httpRoutes.find((candidate) => candidate.path === path && matches(candidate.method, method));
  if (route === undefined) return undefined;
  const id = def.httpHandlers.findIndex(({ name }) => name === route.handlerName);
  return { id, name: route.handlerName }; // a definition with a route to no handler is refused
}

/** Methods are told apart by case (RFC 9110 §9.1). */
function matches(routed: HttpMethod, method: string): boolean {
  switch (routed.tag) {
    case 'Any':
      return true;
    case 'Extension':
      return routed.name === method;
    default:
      return routed.tag.toUpperCase() === method;
  }
}
