/** What the host goes through during a block: when it is worth an event. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { watchHost } from '../../bench/run/watch/host-gauges.ts';

describe('steal and pressure of a block', () => {
  /** Gauges that stand at 100 ms and have risen by so much when they are read again. */
  const gauges = (steal: number | null, pressure: number | null) => {
    const rising = (by: number | null) => {
      let read = 0;
      return () => (by === null ? null : 100 + (read++ === 0 ? 0 : by));
    };
    return { availableMemoryBytes: () => null, stealMs: rising(steal), pressureMs: rising(pressure) };
  };

  it('are events when they are a large share of it', async () => {
    const report = watchHost(gauges(50_000, 40_000));
    await sleep(20);
    expect(report(7)).toMatchObject([
      { kind: 'steal', block: 7, stealMs: 50_000 },
      { kind: 'pressure', block: 7, waitedMs: 40_000 },
    ]);
    const [steal] = watchHost(gauges(50_000, 0))(1);
    expect(steal?.kind === 'steal' && steal.share > 1).toBe(true);
  });

  it('are none when nothing was stolen and nobody waited, or the kernel does not say', () => {
    expect(watchHost(gauges(0, 0))(1)).toEqual([]);
    expect(watchHost(gauges(null, null))(1)).toEqual([]);
    expect(watchHost({ availableMemoryBytes: () => null, stealMs: () => null })(1)).toEqual([]);
  });
});
