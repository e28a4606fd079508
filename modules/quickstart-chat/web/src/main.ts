// The page: /?host=ws://127.0.0.1:3000&database=quickstart-chat
import { ChatSession, type SessionState } from '../../bindings/chat-session.ts';
import type { ChatConnection } from '../../bindings/index.ts';
import { showMessages, showPeople } from './view.ts';

const query = new URLSearchParams(location.search);
const host = query.get('host') ?? 'ws://127.0.0.1:3000';
const database = query.get('database') ?? 'quickstart-chat';
/** Kept for each tab, so that two tabs are two people and a reload stays the same one. */
const tokenKey = `token of ${database} at ${host}`;

const stateLine = element('state', HTMLElement);
const refusal = element('refusal', HTMLElement);
const people = element('people', HTMLUListElement);
const messages = element('messages', HTMLOListElement);
const nameInput = element('name', HTMLInputElement);
const textInput = element('text', HTMLInputElement);

let connection: ChatConnection | undefined;
let isDrawingDue = false;

onSubmit('name-form', async ({ reducers }) => {
  await reducers.setName({ name: nameInput.value });
  nameInput.value = '';
});
onSubmit('message-form', async ({ reducers }) => {
  await reducers.sendMessage({ text: textInput.value });
  textInput.value = '';
});

const session = new ChatSession({
  host,
  database,
  token: sessionStorage.getItem(tokenKey) ?? undefined,
  onState,
  onToken: (token) => sessionStorage.setItem(tokenKey, token),
});
addEventListener('pagehide', () => session.close());

function onState(state: SessionState): void {
  connection = state.kind === 'connected' ? state.connection : undefined;
  stateLine.dataset['kind'] = state.kind;
  stateLine.textContent = describe(state);
  for (const button of document.querySelectorAll('button')) button.disabled = connection === undefined;
  if (state.kind === 'connected') follow(state.connection);
}

function describe(state: SessionState): string {
  switch (state.kind) {
    case 'connecting':
      return `connecting to ${host} …`;
    case 'connected':
      return `connected to ${database}`;
    case 'waiting':
      return `no connection (${state.reason}), trying again in ${(state.delayMs / 1000).toFixed(1)} s`;
  }
}

function follow({ db }: ChatConnection): void {
  db.user.onInsert(drawSoon);
  db.user.onUpdate(drawSoon);
  db.user.onDelete(drawSoon);
  db.message.onInsert(drawSoon);
  db.message.onDelete(drawSoon);
  drawSoon();
}

/** A transaction reports its rows one by one; they are drawn together. */
function drawSoon(): void {
  if (isDrawingDue) return;
  isDrawingDue = true;
  queueMicrotask(() => {
    isDrawingDue = false;
    if (connection === undefined) return;
    const users = [...connection.db.user.iter()];
    showPeople(people, users, connection.identity);
    showMessages(messages, [...connection.db.message.iter()], users);
  });
}

/** Calls the module when a form is sent; what the module refuses is shown, and the input kept. */
function onSubmit(formId: string, call: (connection: ChatConnection) => Promise<void>): void {
  element(formId, HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    if (connection === undefined) return;
    call(connection).then(
      () => showRefusal(undefined),
      (error: unknown) => showRefusal(error instanceof Error ? error.message : String(error)),
    );
  });
}

function showRefusal(message: string | undefined): void {
  refusal.hidden = message === undefined;
  refusal.textContent = message ?? '';
}

function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} "${id}"`);
  return found;
}
