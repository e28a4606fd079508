import { type DeclarationStatement, type DecoratorNode, IdentifierExpression } from 'assemblyscript';
import type { Report } from '../report.ts';

/** The decorators that the library adds to the language. */
export const decoratorNames: ReadonlySet<string> = new Set([
  'table',
  'product',
  'sum',
  'variant',
  'primaryKey',
  'unique',
  'autoInc',
  'index',
  'defaultValue',
  'reducer',
  'init',
  'clientConnected',
  'clientDisconnected',
  'view',
  'procedure',
  'httpHandler',
  'route',
  'clientVisibilityFilter',
  'settings',
]);

/** AssemblyScript's own, which the compiler handles. */
const compilerDecorators = new Set([
  'global',
  'operator',
  'unmanaged',
  'final',
  'inline',
  'external',
  'builtin',
  'lazy',
  'unsafe',
]);

export function decoratorName(decorator: DecoratorNode): string {
  return decorator.name instanceof IdentifierExpression ? decorator.name.text : '';
}

export function findDecorator(declaration: DeclarationStatement, name: string): DecoratorNode | undefined {
  return declaration.decorators?.find((decorator) => decoratorName(decorator) === name);
}

export function findDecorators(declaration: DeclarationStatement, name: string): readonly DecoratorNode[] {
  return declaration.decorators?.filter((decorator) => decoratorName(decorator) === name) ?? [];
}

/** Reports the decorators of a declaration that are unknown or have no meaning where they stand. */
export function checkDecorators(declaration: DeclarationStatement, allowed: readonly string[], report: Report): void {
  for (const decorator of declaration.decorators ?? []) {
    const name = decoratorName(decorator);
    if (allowed.includes(name) || compilerDecorators.has(name)) continue;
    const isKnown = decoratorNames.has(name);
    report.error(decorator.range, isKnown ? `@${name} has no meaning here` : `there is no decorator @${name}`);
  }
}
