/** `--json-lines` in a session: what is printed, and when. */

import { expect, it } from 'vitest';
import { LineFeed } from '../../cli/session/line-feed.ts';
import type { Line } from '../../cli/terminal/json-line.ts';
import { lineSchema } from '../../reports/formats/lines-schema.ts';
import { tinyPlan } from '../bench/boxes.ts';

const SILENT = { phase: () => {}, block: () => {}, round: () => {} };
const EVENT = { at: '2026-11-23T17:00:00.000Z', kind: 'page-cache-kept', reason: 'no root' } as const;
const ROW = { env: 'docker', baseline: 'native', workload: 'fft', timeRatio: 1.2, blocks: 1, verdict: null } as const;

function feed(blocksKept = 0) {
  const printed: Line[] = [];
  const about = {
    session: 's',
    dir: '/srv/s',
    plan: tinyPlan({ environments: [{ path: 'native' }, { path: 'docker' }], blocks: 3 }),
    blocksKept,
  };
  return { printed, feed: new LineFeed(SILENT, about, (line) => printed.push(line)) };
}

it('an event that comes while a box is measured waits for the next pause', () => {
  const { printed, feed: lines } = feed();
  lines.block(1, 'block 1 of 3');
  printed.length = 0;
  lines.event(EVENT);
  expect(printed).toEqual([]);
  lines.round({ block: 1, round: 1, fraction: 0.1 });
  expect(printed).toMatchObject([{ type: 'event', session: 's', event: EVENT }]);
  lines.event(EVENT);
  lines.flush();
  expect(printed).toHaveLength(2);
});

it('the end of a block has every ratio, without an interval after one, and keeps to the schema', () => {
  const { printed, feed: lines } = feed();
  lines.block(1, 'block 1 of 3');
  lines.standings(1, () => [{ ...ROW, interval: null }]);
  lines.block(2, 'block 2 of 3');
  lines.standings(2, () => null);
  expect(printed.map(({ type }) => type)).toEqual(['plan', 'block-begun', 'block-ended', 'block-begun', 'block-ended']);
  expect(printed[2]?.standings).toMatchObject([{ env: 'docker', ratio: 1.2, low: null, high: null, verdict: null }]);
  expect(printed[4]?.standings).toBeNull();
  for (const line of printed) expect(lineSchema.safeParse({ schema: 1, ...line }).error?.issues ?? []).toEqual([]);
});

it('no block ends where a session is resumed', () => {
  const { printed, feed: lines } = feed(2);
  lines.standings(2, () => [{ ...ROW, interval: null }]);
  expect(printed.map(({ type }) => type)).toEqual(['plan']);
});
