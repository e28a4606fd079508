// Reducers that fail: whatever they did is undone.

import { reducer, ReducerContext, SenderError } from '@lightcone/sdk-assemblyscript';
import { newWord } from './tables';

export class Failures {
  /** The caller reads the message. */
  @reducer
  static fail(ctx: ReducerContext, message: string): void {
    throw new SenderError(message);
  }

  @reducer
  static insertAndFail(ctx: ReducerContext, text: string): void {
    ctx.db.word.insert(newWord(text));
    throw new SenderError('the word is not meant');
  }

  @reducer
  static insertAndPanic(ctx: ReducerContext, text: string): void {
    ctx.db.word.insert(newWord(text));
    throw new Error('the word is too much');
  }

  /** A violation that nobody handles is a panic, too. */
  @reducer
  static insertTwice(ctx: ReducerContext, id: u32): void {
    const texts = ['first', 'second'];
    for (const text of texts) ctx.db.secret.insert({ id, text });
  }
}
