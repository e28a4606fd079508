import type { ModuleNames } from '../module-names.ts';
import type { Codecs } from './codecs.ts';
import type { EntryPoints } from './entry-points.ts';

/** How deep `assembly/generated` of the library lies, counted in the paths of the compiler: `~lib`, scope, package. */
const DEPTH = 4;

/** The file that takes the place of the library's `generated.ts`: codecs, table handles and what the host calls. */
export function librarySource(
  handles: readonly string[],
  functions: EntryPoints,
  codecs: Codecs,
  names: ModuleNames,
): string {
  const exports = [...functions].map(([name, rest]) => `export function ${name}${rest}`);
  return `
import { begin, room, writeBytes, writeLength, writeScalars, writeString, writeTag, written, writtenLength } from "./bsatn/writer";
import { readBytes, readCount, readScalars, readString, readTag, take, unknownTag } from "./bsatn/reader";
import { writeToSink } from "./calls/bytes";
import {
  beginAnonymousView, beginHttpHandler, beginProcedure, beginReducer, beginView,
  endHttpHandler, endProcedure, endReducer, endView, unknownCall,
} from "./calls/calls";
import { readRequest, writeResponse } from "./calls/http";
import { panic } from "./calls/panic";
import { callSoon } from "./calls/soon";
import { hasFailed } from "./calls/sender-error";
import { IndexAccess } from "./tables/index-access";
import { Query, QueryTable } from "./tables/query";
import { readOnlyRow } from "./tables/row-scan";
import { Rows } from "./tables/rows";
import { TableAccess } from "./tables/table-access";
import { ConnectionId } from "./types/connection-id";
import { i128 } from "./types/i128";
import { i256 } from "./types/i256";
import { Identity } from "./types/identity";
import { Option } from "./types/option";
import { Result } from "./types/result";
import { ScheduleAt } from "./types/schedule-at";
import { TimeDuration } from "./types/time-duration";
import { Timestamp } from "./types/timestamp";
import { u128 } from "./types/u128";
import { u256 } from "./types/u256";
import { Unit } from "./types/unit";
import { Uuid } from "./types/uuid";
${names.imports(DEPTH)}
${codecs.source}
${handles.join('\n')}
${exports.join('\n')}
`;
}
