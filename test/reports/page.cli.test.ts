/** The report in a real browser: it asks for nothing, draws, sorts, copies, and can be read by everyone. */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSessionModel } from '../../cli/session/write-report.ts';
import { htmlPage } from '../../reports/formats/html/format.ts';
import { buildModel } from '../../reports/model/model.ts';
import { missingBrowser, openBrowser, openPage } from './browser.ts';
import { fixtureInput } from './fixture.ts';
import { hostileInput } from './hostile.ts';

const EXAMPLE = 'results/example/20261126T070159Z-b39def';
const EVERY_BOX = 'results/example/20261126T072949Z-062870';
const HOSTILE = `"><script>window.owned=1</script><img src=x onerror=window.owned=1>'=1+1\u202egnp${'y'.repeat(10_000)}`;

const unavailable = missingBrowser();
const dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
const addresses: Record<string, string> = {};
let browser: Browser | undefined;

beforeAll(async () => {
  if (unavailable !== null) return;
  const example = { model: await readSessionModel(EXAMPLE), base: '..' };
  const fixture = {
    model: buildModel({ ...fixtureInput(), integrity: { seal: 'b'.repeat(64), faults: ['samples.csv: changed'] } }),
    base: '../b',
  };
  const hostile = {
    model: buildModel({ ...hostileInput(HOSTILE), integrity: { seal: null, faults: [HOSTILE] } }),
    base: 'java"script:/x',
  };
  const boxes = { model: await readSessionModel(EVERY_BOX), base: '..' };
  for (const [name, sessions] of Object.entries({
    example: [example],
    several: [example, fixture],
    hostile: [hostile],
    boxes: [boxes],
    many: Array.from({ length: 20 }, (_, index) => [example, boxes, hostile][index % 3] ?? example),
  })) {
    const [file] = await htmlPage.files(sessions);
    const path = join(dir, `${name}.html`);
    writeFileSync(path, file?.content ?? '');
    addresses[name] = pathToFileURL(path).href;
  }
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach((ctx) => {
  if (unavailable !== null) ctx.skip(unavailable);
});

const open = (name: string, options: Parameters<typeof openPage>[2] = {}) =>
  openPage(browser as Browser, addresses[name] ?? '', options);

describe('the page of twenty sessions', () => {
  it('is below two megabytes, and has each session whole once it has unpacked them', async () => {
    const file = fileURLToPath(addresses.many ?? '');
    expect(statSync(file).size).toBeLessThan(2_000_000);
    // Without JavaScript, what is common is text, and so is how to get at the rest.
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('boxmark report with this session alone writes a page that is text');
    const { page, errors, requests } = await open('many');
    await page.goto(`${addresses.many}#s5-levels`);
    await page.reload();
    await page.waitForSelector('html[data-unpacked]');
    expect(await page.$$eval('[data-until-unpacked], script[data-packed]', (all) => all.length)).toBe(0);
    for (const id of ['s5-levels', 's20-levels'])
      expect(await page.$$eval(`#${id} table thead button`, (all) => all.length)).toBeGreaterThan(3);
    expect(await page.$eval('#s5-levels', (it) => it.getBoundingClientRect().top < innerHeight)).toBe(true);
    expect(await page.$eval('#s5-session details', (it) => (it as HTMLDetailsElement).open)).toBe(true);
    expect(await page.evaluate(() => (globalThis as { owned?: unknown }).owned)).toBeUndefined();
    for (const width of [360, 800, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    }
    expect([errors, requests]).toEqual([[], []]);
    await page.context().close();
  });
});

describe.each(['example', 'several', 'hostile'])('the page of the session %s', (name) => {
  it('asks for nothing, reports no error, and draws every chart', async () => {
    const { page, errors, requests } = await open(name);
    // A chart in a closed part is drawn when it is opened.
    await page.$$eval('details', (all) => {
      for (const details of all) details.open = true;
    });
    await page.evaluate(() => new Promise(requestAnimationFrame));
    const canvases = await page.$$eval('canvas', (all) =>
      all.map((canvas) => {
        const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        const colours = new Set<number>();
        for (let at = 0; at < pixels.length; at += 4) {
          if ((pixels[at + 3] ?? 0) > 0)
            colours.add(((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0));
        }
        return { id: canvas.id, colours: colours.size };
      }),
    );
    expect(canvases.length).toBeGreaterThan(3);
    for (const { id, colours } of canvases) expect(colours, id).toBeGreaterThan(2);
    expect(errors).toEqual([]);
    expect(requests).toEqual([]);
    expect(await page.evaluate('window.owned')).toBeUndefined();
    await page.context().close();
  });

  it.each([360, 1440])('fits into %i pixels', async (width) => {
    const { page } = await open(name, { width });
    await page.$$eval('details', (all) => {
      for (const details of all) details.open = true;
    });
    const wide = await page.evaluate(() => ({
      page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      outside: [...document.querySelectorAll('main *')]
        .filter((element) => !element.closest('.scroll, .offscreen, nav'))
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map((element) => `${element.tagName} ${element.className} ${element.id}`),
    }));
    expect(wide).toEqual({ page: 0, outside: [] });
    await page.context().close();
  });

  it.each([360, 390, 412, 540])('covers no part of a figure by the answers beside it, in %i pixels', async (width) => {
    const { page } = await open(name, { width, dark: width === 390 });
    const found = await page.$$eval('table[id$="verdicts"]', (tables) =>
      tables.flatMap((table) => {
        const rows = [...table.querySelectorAll('tr')];
        return rows.flatMap((row) => {
          const cells = [...row.querySelectorAll('th, td')];
          const last = cells.at(-1) as Element;
          const { left, right } = last.getBoundingClientRect();
          // Of the texts of a cell, each word's line by itself.
          const boxes = cells.slice(0, -1).flatMap((cell) => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            return [...range.getClientRects()];
          });
          return [
            ...boxes.filter((box) => box.left < left - 1 && box.right > left + 1).map(() => `cut: ${row.textContent}`),
            ...boxes
              .filter((box) => box.left >= left - 1 && box.right > right + 1)
              .map(() => `out: ${row.textContent}`),
            ...(/^rgb\(/.test(getComputedStyle(last).backgroundColor) ? [] : [`not opaque: ${row.textContent}`]),
          ];
        });
      }),
    );
    expect(found).toEqual([]);
    await page.context().close();
  });

  it.each([1024, 1280, 1440])('has every link of its navigation in sight in %i pixels', async (width) => {
    const { page } = await open(name, { width });
    const cut = await page.$$eval('nav ul', ([list]) => {
      const { left, right } = (list as Element).getBoundingClientRect();
      const links = [...(list as Element).querySelectorAll('a')].map((link) => link.getBoundingClientRect());
      return links.filter((link) => link.left < left || link.right > right).length;
    });
    expect(cut).toBe(0);
    await page.context().close();
  });

  it.each([false, true])('passes axe (dark: %s)', { timeout: 300_000 }, async (dark) => {
    const { page } = await open(name, { dark });
    await page.$$eval('details', (all) => {
      for (const details of all) details.open = true;
    });
    await page.evaluate(axe.source);
    const violations = await page.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: axe comes as a script.
      const { violations } = await (globalThis as any).axe.run();
      return violations.map((it: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }) => ({
        id: it.id,
        help: it.help,
        first: it.nodes[0]?.html.slice(0, 200),
        why: it.nodes[0]?.failureSummary.slice(0, 300),
      }));
    });
    expect(violations).toEqual([]);
    await page.context().close();
  });
});

describe('the page of several sessions', () => {
  it('is short until a session is asked for, by its link too', async () => {
    const { page } = await open('several', { width: 360 });
    const height = () => page.evaluate(() => document.documentElement.scrollHeight);
    expect(await height()).toBeLessThan(8000);
    expect(await page.locator('#s2-ladder-canvas').isVisible()).toBe(false);
    await page.locator('#sessions-rows a').nth(1).click();
    await page.locator('#s2-ladder-canvas').waitFor({ state: 'visible' });
    expect(await page.locator('#s1-ladder-canvas').isVisible()).toBe(false);
    await page.context().close();
  });

  it('keeps the names of environments in sight while the sessions scroll', async () => {
    const { page } = await open('several', { width: 360 });
    const pane = page.locator('.scroll:has(#matrix-1)');
    const before = await page.locator('#matrix-1 tbody th').first().boundingBox();
    const scrolled = await pane.evaluate((element) => {
      element.scrollLeft = 60;
      return element.scrollLeft;
    });
    expect(scrolled).toBeGreaterThan(0);
    expect((await page.locator('#matrix-1 tbody th').first().boundingBox())?.x).toBe(before?.x);
    await page.context().close();
  });
});

describe('the page of a session', () => {
  it.each([360, 800, 1100, 1440])('shows every verdict at %i pixels without scrolling sideways', async (width) => {
    const { page } = await open('example', { width });
    // As wide as the words of an open verdict make it.
    await page.$$eval('#verdicts td:last-child', (cells) => {
      for (const cell of cells) cell.innerHTML += '<small>total time may differ: 25 more blocks, about 17 min</small>';
    });
    const [pane, ...right] = await page.$$eval('#verdicts td:last-child', (cells) =>
      [cells[0]?.closest('.scroll'), ...cells].map((box) => box?.getBoundingClientRect().right ?? 0),
    );
    expect(right.length).toBeGreaterThan(2);
    for (const edge of right) expect(edge).toBeLessThanOrEqual((pane ?? 0) + 1);
    await page.context().close();
  });

  it('answers above the fold, with the ladder and the verdicts', async () => {
    const { page } = await open('example', { width: 1440, height: 900 });
    for (const selector of ['#answer', '#ladder-canvas', '#verdicts']) {
      const box = await page.locator(selector).boundingBox();
      expect((box?.y ?? 9999) + (box?.height ?? 0), selector).toBeLessThan(900);
    }
    expect((await page.locator('#answer').textContent())?.replaceAll('\u00a0', ' ')).toMatch(
      /^uml is equivalent to native in bursts: time \+0\.72 %/,
    );
    expect((await page.locator('section.top').textContent())?.replaceAll('\u00a0', ' ')).toMatch(
      /published: 18 % longer \(Network World, 2015\): /,
    );
    await page.context().close();
  });

  it('sorts a table by mouse and by keyboard, figures by number, and says so', async () => {
    const { page } = await open('example');
    const heading = page.locator('#contrasts thead th').nth(2);
    const values = () =>
      page.$$eval('#contrasts tbody tr', (rows) =>
        rows.map((row) => Number(row.querySelectorAll('th, td')[2]?.getAttribute('data-value'))),
      );
    const before = await values();
    const ascending = before.toSorted((a, b) => a - b);
    expect(before).not.toEqual(ascending);
    await heading.locator('button').click();
    expect(await values()).toEqual(ascending);
    expect(await heading.getAttribute('aria-sort')).toBe('ascending');
    await heading.locator('button').focus();
    await page.keyboard.press('Enter');
    expect(await values()).toEqual(ascending.toReversed());
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    await page.context().close();
  });

  it('follows the system’s colours, and the button goes over them', async () => {
    const { page } = await open('example', { dark: true });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await paper();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await paper();
    expect(light).not.toBe(dark);
    const button = page.locator('#theme');
    expect(await button.textContent()).toBe('Colours: auto');
    await button.click();
    await button.click();
    expect(await button.textContent()).toBe('Colours: dark');
    expect(await paper()).toBe(dark);
    await page.context().close();
  });

  it('is walked through by keyboard: to the answer past the navigation, and to every control', async () => {
    const { page } = await open('example');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the answer');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    const reached = new Set<string>();
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate(() => document.activeElement?.tagName ?? ''));
    }
    expect([...reached].sort()).toEqual(expect.arrayContaining(['A', 'BUTTON', 'DIV', 'SUMMARY']));
    await page.context().close();
  });

  it('copies a table as Markdown, in the order that it was sorted into', async () => {
    const { page } = await open('example');
    // Neither the clipboard nor the selection: the text is shown to be copied by hand.
    await page.evaluate(() => {
      Object.defineProperty(navigator, 'clipboard', { value: undefined });
      document.execCommand = () => false;
    });
    await page.locator('[data-copy="verdicts"]').click();
    const text = await page.locator('[data-copy="verdicts"] + textarea').inputValue();
    expect(text.split('\n')[0]).toBe('| environment | time ratio | 95 % interval | throughput | verdict |');
    expect(text.split('\n')[1]).toBe('| --- | ---: | ---: | ---: | ---: |');
    expect(text).toMatch(/\| docker\/docker \(nested\) \(relaxed outer\) \|.*= equivalent \(in bursts only\) \|/);
    await page.context().close();
  });

  it('lets no script in but its own', async () => {
    const { page, errors } = await open('example');
    const owned = await page.evaluate(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.owned = 1';
      document.body.append(script);
      const fetched = await fetch('https://example.org/').then(
        () => true,
        () => false,
      );
      return { ran: 'owned' in window, fetched };
    });
    expect(owned).toEqual({ ran: false, fetched: false });
    expect(errors.join('\n')).toMatch(/Content Security Policy/);
    await page.context().close();
  });

  it('cuts no table off on paper, and parts no chart', async () => {
    // An A4 page without its margins.
    const { page } = await open('boxes', { width: 700 });
    await page.emulateMedia({ media: 'print' });
    const wide = await page.$$eval('main table, main figure', (all) =>
      all
        .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
        .map((element) => element.id),
    );
    expect(wide).toEqual([]);
    const breaks = await page.$$eval('main figure', (all) => all.map((figure) => getComputedStyle(figure).breakInside));
    expect(new Set(breaks)).toEqual(new Set(['avoid']));
    await page.context().close();
  });

  it('prints with everything open and is as before afterwards', async () => {
    const { page } = await open('example', { dark: true });
    await page.evaluate(() => {
      addEventListener('beforeprint', () => {
        const closed = document.querySelectorAll('details[data-print]:not([open])').length;
        document.body.dataset.seen = `${closed} closed, ${document.documentElement.dataset.theme}`;
      });
    });
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    expect(await page.evaluate(() => document.body.dataset.seen)).toBe('0 closed, light');
    await page.waitForFunction(() => document.querySelectorAll('details[data-print][open]').length === 0);
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBeUndefined();
    await page.context().close();
  });
});
