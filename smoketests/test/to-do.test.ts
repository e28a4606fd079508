// The to-do example in a real Chromium: tabs, a reload, two devices that sync through an S3-compatible server.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BuiltPage } from '../src/built-page.ts';
import { CHROMIUM, startChromium } from '../src/chromium.ts';
import { toDoFolder } from '../src/modules.ts';
import { isMissing } from '../src/needs.ts';
import { S3Server, VERSITYGW } from '../src/s3-server.ts';

describe.skipIf(isMissing(CHROMIUM) || isMissing(VERSITYGW))('the to-do example', () => {
  let s3: S3Server;
  let site: BuiltPage;
  let browser: Browser;
  /** Two devices: what one has in its files the other knows nothing of. */
  let laptop: BrowserContext;
  let phone: BrowserContext;
  const pageErrors: Error[] = [];

  beforeAll(async () => {
    s3 = await S3Server.start();
    const passOn = { path: `/${s3.bucket}`, to: s3.env['AWS_ENDPOINT_URL_S3']! };
    [site, browser] = await Promise.all([BuiltPage.serve(toDoFolder, passOn), startChromium()]);
    [laptop, phone] = await Promise.all([browser.newContext(), browser.newContext()]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    await s3?.[Symbol.asyncDispose]();
  });

  async function open(device: BrowserContext): Promise<Page> {
    const page = await device.newPage();
    page.on('pageerror', (error) => pageErrors.push(error));
    await page.goto(site.origin);
    await page.getByRole('heading', { name: 'To do' }).waitFor();
    return page;
  }

  async function add(page: Page, title: string): Promise<void> {
    await page.getByLabel('What').fill(title);
    await page.getByRole('button', { name: 'Add' }).click();
    await line(page, title).waitFor();
  }

  const line = (page: Page, title: string) => page.getByRole('listitem').filter({ hasText: title });
  const box = (page: Page, title: string) => page.getByRole('checkbox', { name: title });

  async function sync(page: Page, passphrase: string): Promise<void> {
    await page.getByRole('status').click();
    const settings = { endpoint: site.origin, bucket: s3.bucket, accessKeyId: 'smoke-user' };
    for (const [name, value] of Object.entries({ ...settings, secretAccessKey: 'smoke-secret', passphrase })) {
      await page.getByLabel(name).fill(value);
    }
    await page.getByRole('button', { name: 'Sync with this bucket' }).click();
    await page.getByText(`synced with ${s3.bucket}`).or(page.getByText('passphrase')).first().waitFor();
  }

  test('what one tab adds and ticks off, another shows', { timeout: 60_000 }, async () => {
    const [left, right] = [await open(laptop), await open(laptop)];
    await add(left, 'buy milk');
    await line(right, 'buy milk').waitFor();
    await box(right, 'buy milk').click();
    await expect.poll(() => box(left, 'buy milk').isChecked()).toBe(true);
  });

  test(
    'it is there after a reload, and when the tab that had the database is closed',
    { timeout: 60_000 },
    async () => {
      const [left, right] = laptop.pages() as [Page, Page];
      await right.reload();
      await line(right, 'buy milk').waitFor();
      await left.close();
      await add(right, 'call mum');
      const third = await open(laptop);
      await line(third, 'call mum').waitFor();
      expect(await box(third, 'buy milk').isChecked()).toBe(true);
      await third.close();
    },
  );

  test('what is done offline goes to other devices later', { timeout: 90_000 }, async () => {
    const [here] = laptop.pages() as [Page];
    await sync(here, 'correct horse');
    await laptop.setOffline(true);
    await add(here, 'made on the way');
    await laptop.setOffline(false);
    const there = await open(phone);
    await sync(there, 'correct horse');
    for (const title of ['buy milk', 'call mum', 'made on the way']) await line(there, title).waitFor();
    expect(await box(there, 'buy milk').isChecked()).toBe(true);
  });

  test('both change while they cannot reach each other, and agree afterwards', { timeout: 90_000 }, async () => {
    const [here, there] = [laptop.pages()[0]!, phone.pages()[0]!];
    await Promise.all([laptop.setOffline(true), phone.setOffline(true)]);
    await box(here, 'call mum').click();
    await there.getByRole('button', { name: 'Delete buy milk' }).click();
    await add(there, 'from the phone');
    await Promise.all([laptop.setOffline(false), phone.setOffline(false)]);
    for (const page of [here, there]) {
      await line(page, 'from the phone').waitFor();
      await line(page, 'buy milk').waitFor({ state: 'detached' });
      await expect.poll(() => box(page, 'call mum').isChecked(), { timeout: 20_000 }).toBe(true);
    }
  });

  test('another passphrase is told, and the list stays usable', { timeout: 60_000 }, async () => {
    const stranger = await open(await browser.newContext());
    await sync(stranger, 'wrong horse');
    await stranger.getByRole('status').filter({ hasText: 'passphrase' }).waitFor();
    await add(stranger, 'my own');
    expect(pageErrors).toEqual([]);
  });
});
