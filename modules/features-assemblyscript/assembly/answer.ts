// The table of answers, and the way in which reducers check themselves.

import { primaryKey, ReducerContext, SenderError, table } from '@lightcone/sdk-assemblyscript';

/** The latest answer to each question. */
@table({ access: 'public' })
export class Answer {
  @primaryKey
  question: string;
  text: string;
}

export function answer(ctx: ReducerContext, question: string, text: string): void {
  ctx.db.answer.question.insertOrUpdate({ question, text });
}

/** Ends the reducer with the claim, unless it is true. */
export function expect(isTrue: bool, claim: string): void {
  if (!isTrue) throw new SenderError(`not true: ${claim}`);
}
