// A client visibility filter: everybody sees their own pages.

import {
  autoInc,
  clientVisibilityFilter,
  Identity,
  index,
  primaryKey,
  reducer,
  ReducerContext,
  table,
} from '@lightcone/sdk-assemblyscript';

@table({ access: 'public' })
export class Page {
  @primaryKey
  @autoInc
  id: u64;
  @index
  owner: Identity;
  text: string;
}

export class Access {
  @clientVisibilityFilter
  static readonly ownPages: string = 'SELECT * FROM page WHERE owner = :sender';

  @reducer
  static writePage(ctx: ReducerContext, text: string): void {
    ctx.db.page.insert({ id: 0, owner: ctx.sender, text });
  }
}
