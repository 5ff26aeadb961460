import { describe, expect, it } from 'vitest';
import { measureBursts } from '../../bench/payload/measure.ts';

function spin(ns: number): void {
  const until = process.hrtime.bigint() + BigInt(ns);
  while (process.hrtime.bigint() < until);
}

describe('bursts', () => {
  it('are as many as asked for, each of the work asked for, in order', () => {
    let passes = 0;
    const { bursts } = measureBursts(() => passes++, { work: 7, bursts: 3 });
    expect(passes).toBe(21);
    expect(bursts).toHaveLength(3);
    expect(bursts.map(([offset]) => offset)).toEqual(bursts.map(([offset]) => offset).sort((a, b) => a - b));
  });

  it('begin with a lead-in of its own passes, and extra ones go with the passes of each', () => {
    const log: string[] = [];
    const extra = { passesOf: (work: number) => work / 4, exchange: () => log.push('exchange') };
    const pass = () => log.push('pass');
    const { bursts, passes } = measureBursts(pass, { work: 8, lead: 4, bursts: 2, extra });
    const burst = (own: number, more: number) => [
      ...new Array(own).fill('pass'),
      'exchange',
      ...new Array(more).fill('pass'),
      'exchange',
    ];
    expect(log).toEqual([...burst(4, 1), ...burst(8, 2)]);
    expect([bursts.length, passes]).toEqual([2, 12]);
  });

  it('with extra passes do them between two exchanges, and the exchanges are not in the time', () => {
    const log: string[] = [];
    const extra = {
      passesOf: () => 2,
      exchange: () => {
        spin(20e6);
        log.push('exchange');
      },
    };
    const { bursts } = measureBursts(() => log.push('pass'), { work: 3, bursts: 2, extra });
    const burst = ['pass', 'pass', 'pass', 'exchange', 'pass', 'pass', 'exchange'];
    expect(log).toEqual([...burst, ...burst]);
    for (const [, wallNs] of bursts) expect(wallNs).toBeLessThan(20e6);
  });

  it('without room for an extra pass exchange nothing', () => {
    const extra = {
      passesOf: () => 0,
      exchange: () => {
        throw new Error('exchanged');
      },
    };
    expect(measureBursts(() => {}, { work: 1, bursts: 1, extra }).bursts).toHaveLength(1);
  });

  it('of a long visit leave no time out but that of exchanges', () => {
    let exchanges = 0;
    const extra = {
      passesOf: () => 1,
      exchange: () => {
        spin(3e6);
        exchanges++;
      },
    };
    const begun = process.hrtime.bigint();
    const { bursts } = measureBursts(() => spin(1e6), { work: 1, bursts: 1, leastNs: 20e6, extra });
    const elapsedNs = Number(process.hrtime.bigint() - begun);
    const sum = bursts.reduce((total, [, wallNs]) => total + wallNs, 0);
    expect(sum).toBeGreaterThanOrEqual(20e6);
    expect(sum).toBeLessThanOrEqual(elapsedNs - exchanges * 3e6);
    // Each burst ends where the next one begins, the exchanges between them taken off.
    for (const [index, [offset, wallNs]] of bursts.entries()) {
      const next = bursts[index + 1];
      if (next !== undefined) expect(next[0] - offset).toBeGreaterThanOrEqual(2e6);
      expect(wallNs).toBeGreaterThanOrEqual(2e6);
    }
  });

  it('begin at the time that is given, and count their offsets from it', () => {
    const atNs = process.hrtime.bigint() + 50_000_000n; // Beyond a moment in which the host is busy.
    let begunNs = 0n;
    const pass = () => {
      begunNs ||= process.hrtime.bigint();
      spin(1e6);
    };
    const { bursts, spunNs } = measureBursts(pass, { work: 1, bursts: 2, atNs, stretch: true });
    expect(begunNs).toBeGreaterThanOrEqual(atNs);
    expect(spunNs).toBeGreaterThan(0);
    const [[offset, first], [next]] = bursts as [[number, number, number], [number, number, number]];
    expect(offset).toBeLessThanOrEqual(Number(begunNs - atNs));
    expect(next).toBeGreaterThanOrEqual(offset + first);
    // A time that is over keeps nobody, and shows as an offset.
    const late = measureBursts(() => {}, { work: 1, bursts: 1, atNs: process.hrtime.bigint() - 5_000_000n });
    expect(late.spunNs).toBe(0);
    expect(late.bursts[0]?.[0]).toBeGreaterThanOrEqual(5e6);
  });
});
