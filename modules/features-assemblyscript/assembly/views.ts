// Views: for everybody and for each caller, with rows and with queries as results.

import { AnonymousViewContext, product, Query, view, ViewContext } from '@lightcone/sdk-assemblyscript';
import { Item } from './indexes';
import { Color } from './types';

/** A view's rows need not be those of a table. */
@product
export class ColorCount {
  color: Color;
  count: u32;
}

export class Views {
  /** The caller's items. */
  @view({ primaryKey: 'id' })
  static myItems(ctx: ViewContext): Item[] {
    return ctx.db.item.owner.filter(ctx.sender).toArray();
  }

  /** The item in slot 1, if there is one. Clients know this view by another name than the module. */
  @view({ name: 'given_view' })
  static firstItem(ctx: AnonymousViewContext): Item | null {
    return ctx.db.item.slot.find(1);
  }

  @view
  static colorCounts(ctx: AnonymousViewContext): ColorCount[] {
    return [countOf(ctx, Color.Red), countOf(ctx, Color.Green), countOf(ctx, Color.Blue)];
  }

  /** A query: the database evaluates it and keeps it up to date. */
  @view
  static goodItems(ctx: AnonymousViewContext): Query<Item> {
    return ctx.from.item.where('score >= 10');
  }

  /** A query with the caller as a literal. */
  @view
  static myGoodItems(ctx: ViewContext): Query<Item> {
    return ctx.from.item.where(`owner = 0x${ctx.sender}`).where('score >= 10');
  }
}

function countOf(ctx: AnonymousViewContext, color: Color): ColorCount {
  return { color, count: ctx.db.item.byColorAndScore.at(color).iter().count() };
}
