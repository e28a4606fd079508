// Tokens as an attacker would make them: with any header, claims and key. No library would sign some of these.
import { createHmac, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerProcess } from './server-process.ts';

/** The key with which a server signs. */
export function privateKey(server: ServerProcess): KeyObject {
  return createPrivateKey(readFileSync(join(server.keyDir, 'id_ecdsa')));
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

export function unsigned(head: object, payload: object): string {
  return `${encoded(head)}.${encoded(payload)}.`;
}

export function es256(head: object, payload: object, key: KeyObject): string {
  const text = `${encoded(head)}.${encoded(payload)}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

export function rs256(head: object, payload: object, key: KeyObject): string {
  const text = `${encoded(head)}.${encoded(payload)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
}

export function hs256(head: object, payload: object, secret: string): string {
  const text = `${encoded(head)}.${encoded(payload)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

export function claimsOf(token: string): object {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as object;
}

export function withPayload(token: string, payload: object): string {
  const [head, , signature] = token.split('.');
  return `${head}.${encoded(payload)}.${signature}`;
}
