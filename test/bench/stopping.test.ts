import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPrecise } from '../../bench/analysis/contrast/precise.ts';
import type { BoxmarkError } from '../../bench/errors.ts';
import { checkPlanInput } from '../../bench/plan/plan.ts';
import { extendStopping, readStopping } from '../../bench/plan/stopping.ts';
import type { ContrastResult, Profile } from '../../bench/types.ts';
import { testPlan } from './analysis/simulate.ts';

/** The numbers of a plan file with this content. */
const stopping = (content: Readonly<Record<string, string>>, profile: Profile) =>
  readStopping(checkPlanInput(content, 'plan.yaml'), profile);

describe('the number of blocks', () => {
  it('is fixed in the profile quick, and runs from a minimum to a cap in the others', () => {
    expect(stopping({}, 'quick')).toEqual({ minBlocks: 6, maxBlocks: 6, target: null });
    expect(stopping({}, 'standard')).toEqual({ minBlocks: 10, maxBlocks: 30, target: 0.0099 });
    expect(stopping({}, 'publish')).toEqual({ minBlocks: 12, maxBlocks: 40, target: 0.005 });
  });

  it('is what --blocks says, whatever the profile', () => {
    for (const profile of ['quick', 'standard', 'publish'] as const) {
      expect(stopping({ blocks: '8' }, profile)).toEqual({ minBlocks: 8, maxBlocks: 8, target: null });
    }
  });

  it('with a target is at least ten, unless another minimum is asked for', () => {
    expect(stopping({ target: '1%' }, 'quick')).toEqual({ minBlocks: 10, maxBlocks: 30, target: 0.01 });
    expect(stopping({ target: '1%' }, 'publish')).toEqual({ minBlocks: 12, maxBlocks: 40, target: 0.01 });
    expect(stopping({ target: '0.5 %', 'min-blocks': '4' }, 'quick')).toMatchObject({
      minBlocks: 4,
      target: 0.005,
    });
    expect(stopping({ 'min-blocks': '50' }, 'standard')).toMatchObject({ minBlocks: 50, maxBlocks: 50 });
    expect(stopping({ 'max-blocks': '12' }, 'standard')).toMatchObject({ minBlocks: 10, maxBlocks: 12 });
  });

  it.each<[Readonly<Record<string, string>>, 'quick' | 'standard', RegExp]>([
    [{ blocks: '6', target: '1%' }, 'quick', /--blocks fixes the number of blocks, --target lets it vary/],
    [{ blocks: '6', 'max-blocks': '9' }, 'standard', /--blocks fixes .* --max-blocks/],
    [{ 'min-blocks': '8' }, 'quick', /--min-blocks needs a --target/],
    [{ 'max-blocks': '8' }, 'quick', /--max-blocks needs a --target/],
    [{ 'max-blocks': '6' }, 'standard', /--min-blocks exceeds --max-blocks/],
    [{ target: '1%', 'min-blocks': '20', 'max-blocks': '12' }, 'quick', /--min-blocks exceeds --max-blocks/],
    [{ target: '1%', 'min-blocks': '1' }, 'quick', /--min-blocks takes a whole number from 2 to 100000/],
    [{ target: '0.01' }, 'quick', /--target takes a percentage/],
    [{ target: '0%' }, 'quick', /--target takes a percentage/],
    [{ target: '80%' }, 'quick', /--target takes a percentage/],
  ])('%j with the profile %s is a mistake that is named', (input, profile, message) => {
    expect(() => stopping(input, profile)).toThrow(message);
    try {
      stopping(input, profile);
    } catch (error) {
      expect((error as BoxmarkError).exitCode).toBe(2);
      expect((error as BoxmarkError).remedy).toBeDefined();
    }
  });
});

describe('a session that goes on', () => {
  const quick = testPlan({ blocks: 6 });
  const adaptive = testPlan({ minBlocks: 10, maxBlocks: 30, target: 0.0099 });

  it('keeps its plan when nothing new is asked for', () => {
    expect(extendStopping(quick, 3, {})).toEqual(quick);
    expect(extendStopping(adaptive, 3, {})).toEqual(adaptive);
  });

  it('gets more blocks, or a target with ten blocks at least and room below its cap', () => {
    expect(extendStopping(quick, 6, { maxBlocks: 9 })).toMatchObject({ minBlocks: 9, maxBlocks: 9, target: null });
    const narrowed = extendStopping(quick, 6, { target: 0.005 });
    expect(narrowed).toMatchObject({ minBlocks: 10, maxBlocks: 36, target: 0.005 });
    expect(extendStopping(adaptive, 14, { target: 0.005, maxBlocks: 20 })).toMatchObject({ maxBlocks: 20 });
    expect(extendStopping(adaptive, 30, { target: 0.005 }).maxBlocks).toBe(60);
  });

  it('never has fewer blocks than were measured', () => {
    expect(() => extendStopping(quick, 6, { maxBlocks: 6 })).toThrow(/6 blocks are measured already/);
  });
});

describe('the stop at a width', () => {
  const row = (halfWidth: number | null, more: Partial<ContrastResult> = {}): ContrastResult => ({
    ...({ env: 'docker', baseline: 'native', workload: 'fft', blocks: 10, timeRatio: 1 } as ContrastResult),
    interval: halfWidth === null ? null : { low: Math.exp(0.3 - halfWidth), high: Math.exp(0.3 + halfWidth) },
    ...more,
  });
  const rule = { minBlocks: 10, maxBlocks: 30, target: 0.01 };
  const control = [row(0.005, { env: 'native@control' })];
  const all = () => true;

  it('comes when every contrast and the control are narrow enough, at the limit included', () => {
    expect(isPrecise({ rows: [row(0.0099), row(0.005)], controlRows: control }, rule, all)).toBe(true);
    expect(isPrecise({ rows: [row(0.0101), row(0.005)], controlRows: control }, rule, all)).toBe(false);
    expect(isPrecise({ rows: [row(0.005)], controlRows: [row(0.02)] }, rule, all)).toBe(false);
  });

  it('never comes without a target, without an interval, without rows, or before each row has its blocks', () => {
    expect(isPrecise({ rows: [row(0.001)], controlRows: control }, { ...rule, target: null }, all)).toBe(false);
    expect(isPrecise({ rows: [row(null)], controlRows: control }, rule, all)).toBe(false);
    expect(isPrecise({ rows: [], controlRows: [] }, rule, all)).toBe(false);
    expect(isPrecise({ rows: [row(0.001, { blocks: 9 })], controlRows: control }, rule, all)).toBe(false);
  });

  it('does not wait for a box that was given up', () => {
    const table = { rows: [row(0.5, { env: 'uml', blocks: 3 }), row(0.005)], controlRows: control };
    expect(isPrecise(table, rule, (box) => box !== 'uml')).toBe(true);
    expect(isPrecise(table, rule, all)).toBe(false);
  });

  it('depends on widths alone: wherever the intervals lie, the answer is the same', () => {
    const shifts = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(shifts, fc.double({ min: 0.001, max: 0.03, noNaN: true }), ([a = 0, b = 0], halfWidth) => {
        fc.pre(Math.abs(halfWidth - 0.01) > 1e-6);
        const at = (shift: number) => {
          const interval = { low: Math.exp(shift - halfWidth), high: Math.exp(shift + halfWidth) };
          return { rows: [row(0, { interval, timeRatio: Math.exp(shift) })], controlRows: control };
        };
        expect(isPrecise(at(a), rule, all)).toBe(isPrecise(at(b), rule, all));
        expect(isPrecise(at(a), rule, all)).toBe(halfWidth <= 0.01);
      }),
    );
  });
});
