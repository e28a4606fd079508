import { expect, test } from 'vitest';
import { ModestClient } from './modest-client.ts';

const MODEST = 1;
const GREEDY = 2;

test('nobody is modest beside himself', () => {
  const client = new ModestClient();
  expect(client.isThere).toBe(false);
  expect(client.isBeside(GREEDY)).toBe(false);
  // With the first of many nothing else of it was under way.
  client.heard(GREEDY);
  expect(client.isBeside(GREEDY)).toBe(false);
  expect(client.isBeside(MODEST)).toBe(true);
});

test('who asks for little counts until it is gone, or was not heard for long', () => {
  const client = new ModestClient();
  client.heard(MODEST);
  for (let i = 0; i < 999; i++) client.looked();
  expect(client.isBeside(GREEDY)).toBe(true);
  client.heard(MODEST);
  client.looked();
  expect(client.isBeside(GREEDY)).toBe(true);
  for (let i = 0; i < 999; i++) client.looked();
  expect(client.isThere).toBe(false);
  expect(client.isBeside(GREEDY)).toBe(false);
  client.heard(MODEST);
  client.forget(GREEDY);
  expect(client.isThere).toBe(true);
  client.forget(MODEST);
  expect(client.isThere).toBe(false);
});
