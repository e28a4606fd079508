import { bool, defineSchema, table, text, timestamp } from '@lightcone/local';

/** Pages and their worker have the same one. */
export const schema = defineSchema({
  ToDo: table({ title: text(), isDone: bool().default(false), createdAt: timestamp() }),
});
