import type { HttpHandlerDef, HttpMethod, HttpRouteDef } from '../module-def.ts';
import type { ModuleContext } from './module-context.ts';

const PATH = /^(\/[a-z0-9\-_~/]*)?$/;

export function validateHttpHandlers(context: ModuleContext): HttpHandlerDef[] {
  const taken = new Set<string>();
  return context.draft.httpHandlers.map((accessorName) => {
    const name = context.names.function(accessorName);
    const where = `HTTP handler \`${name}\``;
    context.checkIdentifier(name, where);
    if (taken.has(name)) {
      const message = `HTTP handler name ${name} is used for multiple HTTP handlers`;
      context.add('DUPLICATE_HTTP_HANDLER_NAME', where, message);
    }
    taken.add(name);
    return { name, accessorName };
  });
}

export function validateHttpRoutes(context: ModuleContext, handlers: readonly HttpHandlerDef[]): HttpRouteDef[] {
  const handlerNames = new Set(handlers.map((handler) => handler.name));
  const methodsByPath = new Map<string, Set<string>>();
  return context.draft.httpRoutes.map(({ handlerName: sourceName, method, path }) => {
    const handlerName = context.names.function(sourceName);
    const where = `HTTP route \`${path}\``;
    if (!PATH.test(path)) {
      const message = `HTTP route path \`${path}\` is invalid: it must be empty or begin with \`/\`; allowed characters are ASCII lowercase letters, digits and \`-_~/\``;
      context.add('INVALID_HTTP_ROUTE_PATH', where, message);
    }
    if (!handlerNames.has(handlerName)) {
      const message = `HTTP route \`${path}\` refers to unknown HTTP handler \`${handlerName}\``;
      context.add('MISSING_HTTP_HANDLER', where, message);
    }
    const text = methodText(method);
    const methods = methodsByPath.get(path) ?? new Set<string>();
    if (methods.has(text) || methods.has('Any') || (text === 'Any' && methods.size > 0)) {
      context.add('DUPLICATE_HTTP_ROUTE', where, `HTTP route duplicates method ${text} for path ${path}`);
    }
    methodsByPath.set(path, methods.add(text));
    return { handlerName, method, path };
  });
}

function methodText(method: HttpMethod): string {
  return method.tag === 'Extension' ? `Extension(${method.name})` : method.tag;
}
