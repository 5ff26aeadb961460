import { expect, it } from 'vitest';
import { partsOf } from '../speed/efficiency.ts';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1e3).toISOString();
const ms = (seconds: number) => Date.parse(at(seconds));
const burst = (block: number, begin: number, seconds: number) => ({
  ...{ block: String(block), started_at: at(begin), wall_ns: String(seconds * 1e9) },
});
const mark = (type: string, seconds: number) => ({ type, at: ms(seconds) });

it('every second of a run is in one part', () => {
  const { session, around } = partsOf({
    ...{ begun: ms(0), finished: ms(40), ended: ms(43) },
    marks: [
      ...[mark('plan', 5), mark('event', 6), mark('block-begun', 8), mark('block-ended', 20)],
      ...[mark('block-begun', 21), mark('block-ended', 39)],
    ],
    // In no order: those of a block may come from several boxes.
    samples: [burst(1, 15, 3), burst(1, 12, 2), burst(2, 25, 10)],
    starts: [
      { ready_ms: '2500', teardown_ms: '500' },
      { ready_ms: '3000', teardown_ms: '1000' },
      { ready_ms: '', teardown_ms: '' },
    ],
  });
  expect(Object.fromEntries(session)).toEqual({
    'timed bursts': 15,
    'between bursts: requests, answers, rows': 1,
    'starts of boxes, until ready': 5.5,
    'facts of boxes, and workloads made ready in them': 2.5,
    'states asked for and replayed, files': 4.5,
    'ends of boxes': 1.5,
    'calibration, and between blocks': 5,
  });
  expect(around.map(([, seconds]) => seconds)).toEqual([5, 3]);
  const all = [...session, ...around].reduce((total, [, seconds]) => total + seconds, 0);
  expect(all).toBeCloseTo(43);
});
