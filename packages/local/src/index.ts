export type { Change, ChangeField, FieldValue } from './change.ts';
export type { ChangeCursor, ChangeLog, LoggedChange, Note } from './change-log.ts';
export type { MergeResult, ParkedEntity, ParkedReason, RefusedChange } from './merge-result.ts';
