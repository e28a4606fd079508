import { Db, From } from '../generated';
import { Identity } from '../types/identity';

/** What a view of one caller knows and may read; the host refuses writes. */
@final
export class ViewContext {
  constructor(
    readonly sender: Identity,
    readonly db: Db,
    readonly from: From,
  ) {}
}

/** What a view that is the same for everybody may read; the host refuses writes. */
@final
export class AnonymousViewContext {
  constructor(
    readonly db: Db,
    readonly from: From,
  ) {}
}
