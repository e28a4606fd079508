import type { ModuleDef, SubmoduleDef } from '../module-def.ts';
import { upgradeV8 } from '../raw/upgrade-v8.ts';
import type { RawModuleDef } from '../raw/raw-module-def.ts';
import { type DraftModule, draftOfV10, draftOfV9 } from './draft.ts';
import { ModuleContext } from './module-context.ts';
import { Problems } from './problems.ts';
import { validateProcedure, validateReducer } from './validate-functions.ts';
import { validateHttpHandlers, validateHttpRoutes } from './validate-http.ts';
import { validateLifecycle } from './validate-lifecycle.ts';
import { validateSchedules } from './validate-schedules.ts';
import { validateTable } from './validate-table.ts';
import { validateTypes } from './validate-types.ts';
import { validateViews } from './validate-views.ts';

/**
 * Checks a definition against every rule and settles all names.
 *
 * Row-level security is taken as text: whether it is SQL can only be said with the tables at hand.
 * @throws SchemaError `SCHEMA_INVALID` with everything that is wrong
 */
export function validateModuleDef(raw: RawModuleDef): ModuleDef {
  const problems = new Problems();
  const module = validateDraft(draftOf(raw, problems), problems);
  problems.throwIfAny();
  return module;
}

function draftOf(raw: RawModuleDef, problems: Problems): DraftModule {
  switch (raw.version) {
    case 8:
      return draftOfV9(upgradeV8(raw, problems), problems);
    case 9:
      return draftOfV9(raw, problems);
    case 10:
      return draftOfV10(raw);
  }
}

/** The result is meaningful only if no problems were found. */
function validateDraft(draft: DraftModule, problems: Problems): ModuleDef {
  const context = new ModuleContext(draft, problems);
  const types = validateTypes(context);
  const tables = draft.tables.flatMap((raw) => validateTable(context, raw) ?? []);
  const reducers = draft.reducers.map((raw) => validateReducer(context, raw));
  const procedures = draft.procedures.map((raw) => validateProcedure(context, raw));
  const views = validateViews(context, tables);
  const scheduleByTable = validateSchedules(context, tables, reducers, procedures);
  const lifecycle = validateLifecycle(context, reducers);
  const httpHandlers = validateHttpHandlers(context);

  // What the database itself calls is nobody else's to call; before version 10 that was not so.
  const internal = new Set([...scheduleByTable.values()].map((schedule) => schedule.functionName));
  const lifecycleByPosition = new Map([...lifecycle].map(([event, position]) => [position, event]));
  const isInternal = (name: string): boolean => context.isV10 && internal.has(name);
  return {
    version: draft.version,
    typespace: context.typespace,
    types,
    tables: tables.map((table) => ({ ...table, schedule: scheduleByTable.get(table.name) })),
    reducers: reducers.map((reducer, position) => {
      const event = lifecycleByPosition.get(position);
      const isPrivate = isInternal(reducer.name) || (context.isV10 && event !== undefined);
      return { ...reducer, lifecycle: event, visibility: isPrivate ? 'private' : reducer.visibility };
    }),
    procedures: procedures.map((procedure) =>
      isInternal(procedure.name) ? { ...procedure, visibility: 'private' } : procedure,
    ),
    views,
    httpHandlers,
    httpRoutes: validateHttpRoutes(context, httpHandlers),
    lifecycle,
    rowLevelSecurity: [...new Set(draft.rowLevelSecurity)],
    submodules: validateSubmodules(context),
  };
}

/** A limit of the definition format. */
const MAX_NAMESPACE_BYTES = 63;
const encoder = new TextEncoder();

function validateSubmodules(context: ModuleContext): SubmoduleDef[] {
  const taken = new Set<string>();
  return context.draft.submodules.map(({ namespace, module: raw }) => {
    const where = `submodule \`${namespace}\``;
    if (encoder.encode(namespace).length > MAX_NAMESPACE_BYTES) {
      const message = `${where}: a namespace has at most ${MAX_NAMESPACE_BYTES} bytes`;
      context.add('NAMESPACE_TOO_LONG', where, message);
    }
    context.checkIdentifier(namespace, where);
    if (taken.has(namespace)) {
      context.add('DUPLICATE_NAME', where, `name \`${namespace}\` is used for multiple submodules`);
    }
    taken.add(namespace);
    const draft = draftOfV10(raw);
    for (const { lifecycle } of draft.lifecycleReducers) {
      const message = `lifecycle event ${lifecycle} is not permitted in submodule under namespace \`${namespace}\`; lifecycle reducers may only be declared in the root module`;
      context.add('LIFECYCLE_IN_SUBMODULE', where, message);
    }
    return { namespace, module: validateDraft(draft, context.problems.within(namespace)) };
  });
}
