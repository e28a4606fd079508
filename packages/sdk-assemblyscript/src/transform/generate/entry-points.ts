import type { ModuleModel, Procedure, Reducer, View } from '../module-model.ts';
import { libraryName } from '../library-path.ts';
import type { Codecs } from './codecs.ts';

const sender = 'sender0: u64, sender1: u64, sender2: u64, sender3: u64';
const caller = `${sender}, connection0: u64, connection1: u64, timestamp: i64`;
const callerArguments = 'sender0, sender1, sender2, sender3, connection0, connection1, timestamp';

/** The functions that the host calls, by name. */
export type EntryPoints = ReadonlyMap<string, string>;

/** What the host calls, each a switch over the module's functions in the order of the definition. */
export function entryPoints(model: ModuleModel, definition: Uint8Array, codecs: Codecs): EntryPoints {
  const anonymous = model.views.filter((view) => view.isAnonymous);
  const perSender = model.views.filter((view) => !view.isAnonymous);
  const functions = new Map<string, string>();
  functions.set(
    '__describe_module__',
    `(sink: u32): void { writeToSink(sink, memory.data<u8>([${definition.join(',')}]), ${definition.length}); }`,
  );
  const reducers = model.reducers.map((reducer) => `${call(reducer, codecs)} break;`);
  functions.set(
    '__call_reducer__',
    `(id: u32, ${caller}, args: u32, sink: u32): i32 {
  const ctx = beginReducer(${callerArguments}, args);
  ${dispatch('reducer', reducers)}
  return endReducer(sink);
}`,
  );
  if (model.procedures.length > 0) {
    const procedures = model.procedures.map((procedure) => procedureCase(procedure, codecs));
    functions.set(
      '__call_procedure__',
      `(id: u32, ${caller}, args: u32, sink: u32): i32 {
  const ctx = beginProcedure(${callerArguments}, args);
  ${dispatch('procedure', procedures)}
  return endProcedure(sink);
}`,
    );
  }
  if (perSender.length > 0) {
    functions.set(
      '__call_view__',
      `(id: u32, ${sender}, args: u32, sink: u32): i32 {
  const ctx = beginView(sender0, sender1, sender2, sender3, args);
  ${dispatch(
    'view',
    perSender.map((view) => viewCase(view, codecs)),
  )}
  return endView(sink);
}`,
    );
  }
  if (anonymous.length > 0) {
    functions.set(
      '__call_view_anon__',
      `(id: u32, args: u32, sink: u32): i32 {
  const ctx = beginAnonymousView(args);
  ${dispatch(
    'view',
    anonymous.map((view) => viewCase(view, codecs)),
  )}
  return endView(sink);
}`,
    );
  }
  if (model.httpHandlers.length > 0) {
    const handlers = model.httpHandlers.map(
      ({ code }) =>
        `const response = ${code}(ctx, request); if (!hasFailed()) writeResponse(response, sink, bodySink); break;`,
    );
    functions.set(
      '__call_http_handler__',
      `(id: u32, timestamp: i64, source: u32, bodySource: u32, sink: u32, bodySink: u32): i32 {
  const ctx = beginHttpHandler(timestamp);
  const request = readRequest(source, bodySource);
  ${dispatch('HTTP handler', handlers)}
  return endHttpHandler();
}`,
    );
  }
  return functions;
}

/** The file that only exports what the host calls. */
export function entrySource(functions: EntryPoints): string {
  return `export { ${[...functions.keys()].join(', ')} } from "${libraryName}/assembly/generated";`;
}

function dispatch(kind: string, cases: readonly string[]): string {
  const lines = cases.map((body, id) => `case ${id}: { ${body} }`);
  return `switch (id) {\n${lines.join('\n')}\ndefault: unknownCall("${kind}", id);\n}`;
}

type Called = Reducer | Procedure | View;

/** Reads the arguments and calls; `keep` is what becomes of the result. */
function call({ code, parameters }: Called, codecs: Codecs, keep = ''): string {
  const reads = parameters.map(({ type }, at) => `const a${at} = ${codecs.read(type)};`);
  return `${reads.join(' ')} ${keep}${code}(${['ctx', ...parameters.map((_, at) => `a${at}`)].join(', ')});`;
}

/** Calls, and goes on with `result` and an empty writer unless that failed. */
function resultOf(called: Called, codecs: Codecs): string {
  return `${call(called, codecs, 'const result = ')} if (hasFailed()) break; begin();`;
}

function procedureCase(procedure: Procedure, codecs: Codecs): string {
  const { returns } = procedure;
  if (returns === undefined) return `${call(procedure, codecs)} begin(); break;`;
  return `${resultOf(procedure, codecs)} ${codecs.write('result', returns)} break;`;
}

/** Rows follow the tag 0, a query the tag 1. */
function viewCase(view: View, codecs: Codecs): string {
  const { returns } = view;
  const result = resultOf(view, codecs);
  if (returns.kind === 'query') return `${result} writeTag(1); writeString(result.sql); break;`;
  if (returns.kind !== 'option') return `${result} writeTag(0); ${codecs.write('result', returns)} break;`;
  const row = codecs.write(returns.isNullable ? 'result' : 'result.value', returns.some);
  const isNone = returns.isNullable ? 'result === null' : 'result.isNone';
  return `${result} writeTag(0); if (${isNone}) { writeLength(0); } else { writeLength(1); ${row} } break;`;
}
