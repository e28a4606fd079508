import {
  type ClassDeclaration,
  type DecoratorNode,
  type FunctionDeclaration,
  NamedTypeNode,
  type ParameterNode,
  type Source,
  type TypeNode,
} from 'assemblyscript';
import { DecoratorOptions } from './decorator-options.ts';
import { decoratorName, findDecorators } from './decorators.ts';
import { literalOf } from './literal.ts';
import type { HttpHandler, HttpRoute, Lifecycle, Parameter, Procedure, Reducer, View } from '../module-model.ts';
import type { ModuleNames } from '../module-names.ts';
import { STATIC, type TypeReader } from './read-types.ts';
import type { Report } from '../report.ts';
import type { SourceNames } from './source-names.ts';
import type { ProductDeclaration, ValueType } from '../value-type.ts';

const lifecycles: Readonly<Record<string, Lifecycle>> = {
  init: 'Init',
  clientConnected: 'OnConnect',
  clientDisconnected: 'OnDisconnect',
};

/** Decorators that make a function one that the host calls; a function has one of them. */
export const functionDecorators: readonly string[] = [
  'reducer',
  ...Object.keys(lifecycles),
  'view',
  'procedure',
  'httpHandler',
];

/** Collects the functions that the host calls. */
export class FunctionReader {
  readonly reducers: Reducer[] = [];
  readonly procedures: Procedure[] = [];
  readonly views: View[] = [];
  readonly httpHandlers: HttpHandler[] = [];
  readonly httpRoutes: HttpRoute[] = [];
  readonly #names: SourceNames;
  readonly #types: TypeReader;
  readonly #moduleNames: ModuleNames;
  readonly #report: Report;

  constructor(names: SourceNames, types: TypeReader, moduleNames: ModuleNames, report: Report) {
    this.#names = names;
    this.#types = types;
    this.#moduleNames = moduleNames;
    this.#report = report;
  }

  /** Reads a function of the top level, or a method of `owner`. */
  read(declaration: FunctionDeclaration, owner: ClassDeclaration | undefined, source: Source): void {
    const kinds = functionDecorators.flatMap((name) => findDecorators(declaration, name));
    const [decorator, second] = kinds;
    if (decorator === undefined) return;
    const name = declaration.name.text;
    if (second !== undefined) {
      this.#report.error(
        second.range,
        `${name} cannot be both @${decoratorName(decorator)} and @${decoratorName(second)}`,
      );
    }
    if (owner !== undefined && !declaration.is(STATIC)) {
      this.#report.error(declaration.name.range, `${name} is called without an object, so it must be static`);
    }
    if (declaration.typeParameters !== null) {
      this.#report.error(declaration.name.range, `${name} has type parameters; the host cannot choose them`);
    }
    const code =
      owner === undefined
        ? this.#moduleNames.code(declaration, source)
        : `${this.#moduleNames.code(owner, source)}.${name}`;
    this.#readKind(decorator, declaration, code, source);
  }

  #readKind(decorator: DecoratorNode, declaration: FunctionDeclaration, code: string, source: Source): void {
    const kind = decoratorName(decorator);
    const property = declaration.name.text;
    const callable = { property, sourceName: this.#moduleNames.name(property), code, range: declaration.name.range };
    if (kind === 'view') {
      const options = new DecoratorOptions(decorator, ['name', 'primaryKey'], this.#report);
      const common = { ...callable, name: options.string('name') };
      return this.#readView(declaration, source, common, options);
    }
    if (kind === 'httpHandler') return this.#readHttpHandler(declaration, source, callable);
    const name = new DecoratorOptions(decorator, ['name'], this.#report).string('name');
    if (kind === 'procedure') {
      const parameters = this.#parameters(declaration, source, ['ProcedureContext']);
      const returns = this.#returns(declaration, source);
      this.procedures.push({ ...callable, name, parameters, returns });
      return;
    }
    const parameters = this.#parameters(declaration, source, ['ReducerContext']);
    const lifecycle = lifecycles[kind];
    if (!isVoid(declaration.signature.returnType)) {
      const way = 'throw new SenderError("…") tells the caller what is wrong';
      this.#report.error(
        declaration.signature.returnType.range,
        `the reducer ${declaration.name.text} must return void; ${way}`,
      );
    }
    if (lifecycle !== undefined) this.#checkLifecycle(lifecycle, kind, declaration, parameters);
    this.reducers.push({ ...callable, name, parameters, lifecycle });
  }

  #checkLifecycle(
    lifecycle: Lifecycle,
    kind: string,
    declaration: FunctionDeclaration,
    parameters: readonly Parameter[],
  ): void {
    if (parameters.length > 0) {
      this.#report.error(declaration.name.range, `the @${kind} reducer gets no arguments but its context`);
    }
    if (this.reducers.some((other) => other.lifecycle === lifecycle)) {
      this.#report.error(declaration.name.range, `the module has two @${kind} reducers`);
    }
  }

  #readView(
    declaration: FunctionDeclaration,
    source: Source,
    common: Pick<View, 'property' | 'sourceName' | 'code' | 'range' | 'name'>,
    options: DecoratorOptions,
  ): void {
    const contexts = ['ViewContext', 'AnonymousViewContext'];
    const parameters = this.#parameters(declaration, source, contexts);
    const isAnonymous = this.#contextName(declaration.signature.parameters[0], source) === 'AnonymousViewContext';
    const returns = this.#viewReturns(declaration, source);
    if (returns === undefined) return;
    const primaryKey = this.#viewPrimaryKey(returns, options);
    this.views.push({ ...common, parameters, isAnonymous, returns, primaryKey });
  }

  #viewPrimaryKey(returns: View['returns'], options: DecoratorOptions): string | undefined {
    const property = options.string('primaryKey');
    if (property === undefined) return undefined;
    const row = rowOf(returns);
    const field = row?.fields.find((each) => each.property === property);
    const range = options.rangeOf('primaryKey');
    if (field === undefined && range !== undefined) {
      this.#report.error(range, `the rows of the view have no column "${property}"`);
    }
    return field?.name;
  }

  #viewReturns(declaration: FunctionDeclaration, source: Source): View['returns'] | undefined {
    const node = declaration.signature.returnType;
    const what = `the result of ${declaration.name.text}`;
    const name = node instanceof NamedTypeNode ? node.name.identifier.text : '';
    const row = node instanceof NamedTypeNode ? node.typeArguments?.[0] : undefined;
    if (name === 'Query' && row !== undefined && this.#names.find(source, name)?.kind === 'library') {
      const type = this.#types.read(row, source, what);
      if (type === undefined || isRow(type)) return type && { kind: 'query', row: type.declared };
    } else {
      const type = this.#types.read(node, source, what);
      if (type === undefined) return undefined;
      if (type.kind === 'array' && isRow(type.element)) return type;
      if (type.kind === 'option' && isRow(type.some)) return type;
    }
    this.#report.error(node.range, `${what}: a view returns Row[], Row | null or Query<Row> of a class of rows`);
    return undefined;
  }

  #readHttpHandler(declaration: FunctionDeclaration, source: Source, common: HttpHandler): void {
    const { parameters, returnType } = declaration.signature;
    const isRight =
      parameters.length === 2 &&
      this.#contextName(parameters[0], source) === 'HttpHandlerContext' &&
      this.#contextName(parameters[1], source) === 'HttpRequest' &&
      returnType instanceof NamedTypeNode &&
      returnType.name.identifier.text === 'HttpResponse';
    if (!isRight) {
      const expected = '(ctx: HttpHandlerContext, request: HttpRequest): HttpResponse';
      this.#report.error(declaration.name.range, `an HTTP handler is ${declaration.name.text}${expected}`);
    }
    this.httpHandlers.push(common);
    for (const route of findDecorators(declaration, 'route')) {
      const [method, path] = (route.args ?? []).map(literalOf);
      if (typeof method !== 'string' || typeof path !== 'string') {
        this.#report.error(route.range, 'a route is @route("GET", "/path"), or @route("*", "/path") for every method');
        continue;
      }
      if (!/^(\/[a-z0-9\-_~/]*)?$/.test(path)) {
        this.#report.error(route.range, `the path "${path}" must begin with / and hold nothing but a-z 0-9 - _ ~ /`);
      }
      this.httpRoutes.push({ handlerName: common.sourceName, method: method === '*' ? undefined : method, path });
    }
  }

  /** The parameters behind the context. */
  #parameters(declaration: FunctionDeclaration, source: Source, contexts: readonly string[]): Parameter[] {
    const name = declaration.name.text;
    const [context, ...others] = declaration.signature.parameters;
    if (!contexts.includes(this.#contextName(context, source))) {
      const range = context?.range ?? declaration.name.range;
      this.#report.error(range, `the first parameter of ${name} must be its context: ctx: ${contexts.join(' or ')}`);
    }
    return others.flatMap((parameter) => {
      const what = `the parameter ${parameter.name.text} of ${name}`;
      if (parameter.initializer !== null || parameter.parameterKind !== 0) {
        this.#report.error(parameter.range, `${what} cannot be optional: the host gives every argument`);
      }
      const type = this.#types.read(parameter.type, source, what);
      return type === undefined
        ? []
        : [{ property: parameter.name.text, name: this.#moduleNames.name(parameter.name.text), type }];
    });
  }

  /** The name in the library of the type of a parameter. */
  #contextName(parameter: ParameterNode | undefined, source: Source): string {
    if (!(parameter?.type instanceof NamedTypeNode)) return '';
    const meaning = this.#names.find(source, parameter.type.name.identifier.text);
    return meaning?.kind === 'library' ? meaning.name : '';
  }

  #returns(declaration: FunctionDeclaration, source: Source): ValueType | undefined {
    const { returnType } = declaration.signature;
    if (isVoid(returnType)) return undefined;
    return this.#types.read(returnType, source, `the result of ${declaration.name.text}`);
  }
}

function isVoid(node: TypeNode): boolean {
  return node instanceof NamedTypeNode && node.name.identifier.text === 'void';
}

function rowOf(returns: View['returns']): ProductDeclaration | undefined {
  if (returns.kind === 'query') return returns.row;
  const row = returns.kind === 'array' ? returns.element : returns.kind === 'option' ? returns.some : undefined;
  return row !== undefined && isRow(row) ? row.declared : undefined;
}

function isRow(type: ValueType): type is { kind: 'named'; declared: ProductDeclaration } {
  return type.kind === 'named' && type.declared.kind === 'product';
}
