// A chat room: everybody who is connected sees every message, and may choose a name.

import {
  clientConnected,
  clientDisconnected,
  Identity,
  init,
  primaryKey,
  reducer,
  ReducerContext,
  SenderError,
  table,
  Timestamp,
} from '@lightcone/sdk-assemblyscript';

const maxNameCharacters = 32;
const maxTextCharacters = 1000;

/** Everybody who has ever connected. */
@table({ access: 'public' })
export class User {
  @primaryKey
  identity: Identity;
  name: string | null;
  online: bool;
}

@table({ access: 'public' })
export class Message {
  sender: Identity;
  sent: Timestamp;
  text: string;
}

export class Chat {
  @reducer
  static setName(ctx: ReducerContext, name: string): void {
    const checked = checkedText(name, 'a name', maxNameCharacters);
    const user = ctx.db.user.identity.find(ctx.sender);
    if (user === null) throw new SenderError('only somebody who has connected once can have a name');
    user.name = checked;
    ctx.db.user.identity.update(user);
  }

  @reducer
  static sendMessage(ctx: ReducerContext, text: string): void {
    const checked = checkedText(text, 'a message', maxTextCharacters);
    console.info(`${ctx.sender}: ${checked}`);
    ctx.db.message.insert({ sender: ctx.sender, sent: ctx.timestamp, text: checked });
  }

  @init
  static init(ctx: ReducerContext): void {
    console.info('the chat room is open');
  }

  @clientConnected
  static clientConnected(ctx: ReducerContext): void {
    const user = ctx.db.user.identity.find(ctx.sender);
    if (user === null) {
      ctx.db.user.insert({ identity: ctx.sender, name: null, online: true });
    } else {
      user.online = true;
      ctx.db.user.identity.update(user);
    }
  }

  @clientDisconnected
  static clientDisconnected(ctx: ReducerContext): void {
    const user = ctx.db.user.identity.find(ctx.sender);
    if (user === null) {
      console.warn(`${ctx.sender} left without ever having come`);
    } else {
      user.online = false;
      ctx.db.user.identity.update(user);
    }
  }
}

/** The text without white space at its ends; too little or too much of it is an error. */
function checkedText(text: string, what: string, maxCharacters: i32): string {
  const trimmed = text.trim();
  if (trimmed.length == 0) throw new SenderError(`${what} must not be empty`);
  if (characterCount(trimmed) > maxCharacters) {
    throw new SenderError(`${what} has at most ${maxCharacters} characters`);
  }
  return trimmed;
}

/** A character outside of the basic plane, such as 🚀, is two units of a string. */
function characterCount(text: string): i32 {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const isSecondHalf = at > 0 && unit >= 0xdc00 && unit <= 0xdfff;
    if (!isSecondHalf) count++;
  }
  return count;
}
