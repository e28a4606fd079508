// Two pages in a real Chromium talk to each other through the server.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BuiltPage } from '../src/built-page.ts';
import { newPerson, publish } from '../src/http.ts';
import { CHROMIUM, startChromium } from '../src/chromium.ts';
import { chatPageFolder } from '../src/modules.ts';
import { isMissing } from '../src/needs.ts';
import { ServerProcess } from '../src/server-process.ts';

describe.skipIf(isMissing(CHROMIUM))('the chat page', () => {
  let server: ServerProcess;
  let site: BuiltPage;
  let browser: Browser;
  let ann: Page;
  let bob: Page;
  const pageErrors: Error[] = [];

  beforeAll(async () => {
    [server, site] = await Promise.all([ServerProcess.start(), BuiltPage.serve(chatPageFolder)]);
    const owner = await newPerson(server);
    await publish(server, 'quickstart-chat', 'quickstart-chat', owner.token);
    browser = await startChromium();
    const context = await browser.newContext();
    [ann, bob] = await Promise.all([openPage(), openPage()]);

    async function openPage(): Promise<Page> {
      const page = await context.newPage();
      page.on('pageerror', (error) => pageErrors.push(error));
      const query = new URLSearchParams({ host: server.webSocketUrl, database: 'quickstart-chat' });
      await page.goto(`${site.origin}/?${query}`);
      await page.getByText('connected to quickstart-chat').waitFor();
      return page;
    }
  });

  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
  });

  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  }

  function message(page: Page, text: string): ReturnType<Page['getByText']> {
    return page.getByLabel('Messages').getByText(text, { exact: true });
  }

  test('what one says the other sees', async () => {
    await say(ann, 'hello from the left');
    await message(bob, 'hello from the left').waitFor();
    await say(bob, 'hello from the right');
    await message(ann, 'hello from the right').waitFor();
    expect(await ann.getByLabel('Message', { exact: true }).inputValue()).toBe('');
  });

  test('a new name is at once beside what was said before', async () => {
    await ann.getByLabel('Your name').fill('Ann');
    await ann.getByRole('button', { name: 'Change' }).click();
    await bob.getByLabel('Messages').getByText('Ann', { exact: true }).waitFor();
    await ann.getByRole('listitem').filter({ hasText: /^Ann$/ }).first().waitFor();
    expect(await bob.getByRole('listitem').filter({ hasText: 'hello from the left' }).textContent()).toMatch(/^Ann/);
  });

  test('what the module refuses is told, and the text stays to be corrected', async () => {
    await say(ann, '   ');
    await ann.getByRole('alert').getByText('a message must not be empty').waitFor();
    expect(await ann.getByLabel('Message', { exact: true }).inputValue()).toBe('   ');
  });

  test('markup in a message stays text', async () => {
    await say(ann, '<img src=x onerror=alert(1)>');
    await message(bob, '<img src=x onerror=alert(1)>').waitFor();
    expect(await bob.locator('img').count()).toBe(0);
  });

  test('the pages say that the server is gone, and go on when it is back', async () => {
    await server.kill();
    await Promise.all([ann, bob].map((page) => page.getByText('no connection').waitFor()));
    expect(await ann.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
    await server.restart();
    await Promise.all([ann, bob].map((page) => page.getByText('connected to quickstart-chat').waitFor()));
    await message(bob, 'hello from the left').waitFor();
    await say(bob, 'we are back');
    await message(ann, 'we are back').waitFor();
  });

  test('a reload stays the same person', async () => {
    await ann.reload();
    await ann
      .getByText('Ann (you)')
      .or(ann.locator('li[data-me=true]', { hasText: 'Ann' }))
      .waitFor();
    expect(pageErrors).toEqual([]);
  });
});
