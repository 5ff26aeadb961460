import { describe, expect, it } from 'vitest';
import { roundPasses } from '../../bench/run/calibrate.ts';
import { Ledger, openLedger } from '../../bench/run/watch/ledger.ts';
import { KERNEL_ENGINES, type KernelEngine } from '../../bench/types.ts';
import { planOf, testPlan } from './analysis/simulate.ts';
import { rehearsed } from './boxes.ts';

it('a ledger lets the first state stand until another box differs, then asks the replay once per pass count', async () => {
  const asked: number[][] = [];
  const ledger = new Ledger(async (_, passes) => {
    asked.push([...passes]);
    return passes.map((count) => `right${count}`);
  });
  expect(ledger.agrees('fft', 10, 'wrong')).toBe(true);
  expect(ledger.agrees('fft', 10, 'right10')).toBe(false);
  expect(ledger.agrees('sor', 10, 'other')).toBe(true);
  expect(await ledger.expected('fft', [10])).toEqual(['right10']);
  expect(ledger.agrees('fft', 10, 'right10')).toBe(true);
  expect(ledger.agrees('fft', 10, 'wrong')).toBe(false);
  expect(await ledger.expected('fft', [30, 10, 20, 30])).toEqual(['right30', 'right10', 'right20', 'right30']);
  expect(asked).toEqual([[10], [20, 30]]);
});

describe('a replay', () => {
  const prepared = async (kernels: KernelEngine, refuse: (engine: string) => boolean) => {
    const engines: string[] = [];
    const verifier = rehearsed('native', () => (line) => {
      const [prefix = '', json = ''] = line.split(/(?=\{)(.*)/s);
      const answer = JSON.parse(json);
      const engine = answer.body?.kernels;
      if (engine === undefined) return line;
      engines.push(engine);
      if (!refuse(engine)) return line;
      return `${prefix}${JSON.stringify({ v: answer.v, id: answer.id, ok: false, error: 'no vectors' })}`;
    });
    const plan = planOf(testPlan({ kernels }));
    const opened = openLedger({ verifier, plan, signal: new AbortController().signal });
    try {
      return { engines, states: await opened.ledger.expected('fft', [3]) };
    } finally {
      await opened.close();
    }
  };

  it("is of the fastest engine, whichever is measured, and of the plan's own where that can't run", async () => {
    for (const kernels of KERNEL_ENGINES) {
      const own = await prepared(kernels, () => false);
      expect(own.engines).toEqual(['wasm']);
      expect(own.states).toHaveLength(1);
    }
    const other = await prepared('tuned', (engine) => engine === 'wasm');
    expect(other.engines).toEqual(['wasm', 'tuned']);
    expect(other.states).toEqual((await prepared('tuned', () => false)).states);
  });

  it('fails where neither can', async () => {
    await expect(prepared('reference', () => true)).rejects.toThrow(/no vectors/);
    await expect(prepared('wasm', () => true)).rejects.toThrow(/no vectors/);
  });
});

it('work per burst is rounded to a step of its decade, the nearest in logarithms, never under one pass', () => {
  const cases: [number, number][] = [
    [0.2, 1],
    [1.4, 1],
    [1.5, 2],
    [2.4, 2],
    [2.5, 3],
    [6.9, 6],
    [7, 8],
    [9.1, 10],
    [11, 12],
    [28, 30],
    [27, 25],
    [260, 250],
    [365, 400],
    [1914, 2000],
    [1e6, 1e6],
    [Number.NaN, 1],
  ];
  for (const [passes, rounded] of cases) expect(roundPasses(passes), String(passes)).toBe(rounded);
});

it('above ten passes, rounding changes them by a sixth at most', () => {
  for (let passes = 10; passes < 3e6; passes *= 1.013) {
    const factor = roundPasses(passes) / passes;
    expect(Math.abs(Math.log(factor)), String(passes)).toBeLessThan(Math.log(7 / 6));
  }
});
