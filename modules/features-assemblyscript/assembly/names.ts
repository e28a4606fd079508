// Names that clients see, given instead of derived: of a table, an index, a reducer. (A procedure's and a view's are in
// their files.)

import { index, primaryKey, reducer, ReducerContext, table } from '@lightcone/sdk-assemblyscript';

@table({ name: 'given_table', access: 'public' })
@index({ accessor: 'byText', name: 'given_index', columns: ['text'] })
export class Label {
  @primaryKey
  id: u32;
  text: string;
}

export class Names {
  /** Only one label may have the text. */
  @reducer({ name: 'given_reducer' })
  static putLabel(ctx: ReducerContext, id: u32, text: string): void {
    ctx.db.label.byText.delete(text);
    ctx.db.label.insert({ id, text });
  }
}
