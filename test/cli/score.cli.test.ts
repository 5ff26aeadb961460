/** Tests of `boxmark score`: every engine gives five verified scores and their mean. */

import { describe, expect, it } from 'vitest';
import { compositeScore } from '../../bench/analysis/score.ts';
import { KERNEL_ENGINES } from '../../bench/types.ts';
import { boxmark } from './program.ts';

interface Printed {
  readonly kernels: string;
  readonly minNs: number;
  readonly composite: Readonly<Record<'scimark' | 'best' | 'median', number>>;
  readonly workloads: readonly {
    readonly id: string;
    readonly cycles: number;
    readonly wallNs: number;
    readonly mflops: number;
    readonly best: number;
    readonly median: number;
  }[];
}

describe.skipIf(process.platform !== 'linux')('boxmark score', () => {
  it.each(KERNEL_ENGINES)(
    'with %s kernels doubles passes until the least time and computes the mean of five',
    async (kernels) => {
      const { code, stdout, stderr } = await boxmark(
        'score',
        '--kernels',
        kernels,
        '--min-time',
        '20ms',
        '--json',
        '-q',
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const printed = JSON.parse(stdout) as Printed;
      expect(printed.kernels).toBe(kernels);
      expect(printed.workloads.map(({ id }) => id)).toEqual(['fft', 'sor', 'monte-carlo', 'sparse', 'lu']);
      for (const { cycles, wallNs, best, median } of printed.workloads) {
        expect(Number.isInteger(Math.log2(cycles))).toBe(true);
        expect(wallNs).toBeGreaterThanOrEqual(printed.minNs);
        expect(best).toBeGreaterThanOrEqual(median);
        expect(median).toBeGreaterThan(0);
      }
      const mean = compositeScore(new Map(printed.workloads.map(({ id, mflops }) => [id, mflops])));
      expect(printed.composite.scimark).toBe(mean);
    },
  );

  it("prints the lines of SciMark's own program", async () => {
    const { code, stdout } = await boxmark('score', '--size', 'tiny', '--min-time', '5ms', '-q');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Composite Score: {6,}[\d.]+ +[\d.]+ +[\d.]+$/m);
    expect(stdout).toMatch(/^FFT {13}Mflops: +[\d.]+ {4}\(N=16\)/m);
    expect(stdout).toMatch(/^SOR {13}Mflops: +[\d.]+ {4}\(10 x 10\)/m);
    expect(stdout).toMatch(/^MonteCarlo: {5}Mflops: +[\d.]+/m);
    expect(stdout).toMatch(/^Sparse matmult {2}Mflops: +[\d.]+ {4}\(N=10, nz=50\)/m);
    expect(stdout).toMatch(/^LU {14}Mflops: +[\d.]+ {4}\(M=10, N=10\)/m);
    expect(stdout).toContain('reference kernels, size tiny');
  });

  it('refuses an engine that there is not', async () => {
    const { code, stderr } = await boxmark('score', '--kernels', 'fast');
    expect(code).toBe(2);
    expect(stderr).toContain('reference');
    expect(stderr).toContain('fast');
  });
});
