import type { Message, User } from '../../bindings/index.ts';

/** More than anybody scrolls back; the rest stays in the client's cache. */
const shownMessages = 300;

/** The part of `Identity` that the view reads. */
interface Hexadecimal {
  toHexString(): string;
}

export function showPeople(list: HTMLElement, users: readonly User[], me: Hexadecimal | undefined): void {
  const sorted = users
    .map((user) => ({ ...user, key: user.identity.toHexString(), label: nameOf(user) }))
    .sort((a, b) => Number(b.online) - Number(a.online) || a.label.localeCompare(b.label));
  list.replaceChildren(
    ...sorted.map(({ key, label, online }) => {
      const item = textElement('li', label);
      item.dataset['online'] = String(online);
      item.dataset['me'] = String(key === me?.toHexString());
      return item;
    }),
  );
}

export function showMessages(list: HTMLElement, messages: readonly Message[], users: readonly User[]): void {
  const namesByIdentity = new Map(users.map((user) => [user.identity.toHexString(), nameOf(user)]));
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const latest = [...messages].sort(bySent).slice(-shownMessages);
  list.replaceChildren(
    ...latest.map((message) => {
      const sender = namesByIdentity.get(message.sender.toHexString()) ?? shortened(message.sender);
      const item = document.createElement('li');
      const sent = message.sent.toDate();
      const time = textElement('time', sent.toLocaleTimeString([], { timeStyle: 'short' }));
      time.setAttribute('datetime', sent.toISOString());
      item.append(textElement('span', sender, 'sender'), time, textElement('p', message.text, 'text'));
      return item;
    }),
  );
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

function bySent(a: Message, b: Message): number {
  const [left, right] = [a.sent.microsSinceUnixEpoch, b.sent.microsSinceUnixEpoch];
  return left < right ? -1 : Number(left > right);
}

function nameOf(user: User): string {
  return user.name ?? shortened(user.identity);
}

function shortened(identity: Hexadecimal): string {
  return identity.toHexString().slice(0, 8);
}

/** Text never becomes markup, whatever somebody sends. */
function textElement(tag: string, text: string, className?: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className !== undefined) element.className = className;
  return element;
}
