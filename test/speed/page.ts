/** How long a browser takes to open a report: from the start of the navigation until everything is loaded, and until the charts in sight are drawn. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { median } from '../../bench/units.ts';
import { missingBrowser, openBrowser } from '../reports/browser.ts';
import type { Recorder } from './record/figure.ts';

const SESSIONS = [
  { name: '4 environments', dir: 'results/example/20261126T070159Z-b39def' },
  { name: '17 environments', dir: 'results/example/20261126T072949Z-062870' },
];
/** What the browser alone needs, however busy the host is. */
const EMPTY = '<!doctype html><title>empty</title><script>document.documentElement.dataset.drawn = ""</script>';
const TURNS = 9;
const GOAL_MS = 1000;

/** Runs before the page's own scripts; times are since the navigation began, by the page's clock. */
const WATCH = `new MutationObserver(() => {
  if (globalThis.drawnMs === undefined && document.documentElement?.hasAttribute('data-drawn')) globalThis.drawnMs = performance.now();
}).observe(document, { attributes: true, subtree: true, attributeFilter: ['data-drawn'] });`;

interface Opening {
  readonly loadMs: number;
  readonly drawnMs: number;
}

export async function benchPage(print: (line: string) => void, _: object, record: Recorder): Promise<void> {
  const missing = missingBrowser();
  if (missing !== null) {
    print(`skipped: ${missing}`);
    return;
  }
  const out = mkdtempSync('/var/tmp/boxmark-bench-');
  try {
    const empty = join(out, 'empty.html');
    writeFileSync(empty, EMPTY);
    const names = ['nothing', ...SESSIONS.map(({ name }) => name)];
    const pages = [empty, ...SESSIONS.map(({ dir }, index) => writtenPage(dir, join(out, String(index))))];
    const browser = await openBrowser();
    try {
      const openings = pages.map((): Opening[] => []);
      for (let turn = 0; turn < TURNS; turn++) {
        for (const [index, file] of pages.entries()) openings[index]?.push(await opened(browser, file));
      }
      print(`page of               KiB   loaded ms   drawn ms   slowest   goal   (medians of ${TURNS}, in turns)`);
      for (const [index, name] of names.entries()) {
        const own = openings[index] ?? [];
        const drawn = own.map(({ drawnMs }) => drawnMs);
        if (index === names.length - 1) {
          record(
            'page.opens',
            's',
            drawn.map((ms) => ms / 1000),
          );
        }
        print(
          [
            name.padEnd(18),
            (statSync(pages[index] ?? '').size / 2 ** 10).toFixed(0).padStart(6),
            median(own.map(({ loadMs }) => loadMs))
              .toFixed(0)
              .padStart(11),
            median(drawn).toFixed(0).padStart(10),
            Math.max(...drawn)
              .toFixed(0)
              .padStart(9),
            index === 0 ? '     –' : `  ≤ ${GOAL_MS}`,
          ].join(' '),
        );
      }
    } finally {
      await browser.close();
    }
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function writtenPage(dir: string, out: string): string {
  const main = resolve('dist/cli/main.js');
  const argv = [main, 'report', dir, '--format', 'html', '-o', out];
  const { status, stderr } = spawnSync(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`boxmark report ${dir} failed: ${stderr}`);
  return join(out, 'report.html');
}

/** In a context of its own, which has nothing in its caches. */
async function opened(browser: Browser, file: string): Promise<Opening> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  try {
    const page = await context.newPage();
    await page.addInitScript(WATCH);
    await page.goto(pathToFileURL(file).href);
    await page.waitForFunction('globalThis.drawnMs !== undefined && performance.timing.loadEventEnd > 0');
    return (await page.evaluate(
      '({ loadMs: performance.getEntriesByType("navigation")[0].loadEventEnd, drawnMs: globalThis.drawnMs })',
    )) as Opening;
  } finally {
    await context.close();
  }
}
