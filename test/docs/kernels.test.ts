/** docs/kernels.md: its tables and pictures follow from docs/kernels.json, and what they count from the kernels. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KERNEL_ENGINES, type Size } from '../../bench/types.ts';
import { newDrawer } from '../../reports/formats/draw.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { SIDES } from '../speed/kernels.ts';
import { rooflineChart } from '../speed/roofline-chart.ts';
import {
  chainOf,
  compositeOf,
  figuresOf,
  intensityOf,
  type Measured,
  type Run,
  roofOf,
  workOf,
} from '../speed/roofline-figures.ts';
import { expectFile, expectParts, table } from './generated.ts';

const PAGE = 'docs/kernels.md';
const measured = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/kernels.json'), 'utf8')) as Measured;
const IDS = WORKLOADS.map(({ id }) => id);
const SIZES_SHOWN = ['small', 'large'] as const satisfies readonly Size[];
const digits = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

describe('docs/kernels.md', () => {
  it('has its tables from docs/kernels.json', async () => {
    await expectParts(PAGE, {
      host: hostLines(),
      bounds: boundsTable(),
      nodes: nodesTable(),
    });
  });

  it.each(IDS)('has the roofline of %s as drawn from them', async (id) => {
    await expectFile(
      `docs/kernels-${id}.svg`,
      new TextDecoder().decode(newDrawer('svg')(rooflineChart(measured, id, 720))),
    );
  });
});

describe('a roofline', () => {
  it.each(IDS)('of %s has no two lines that look alike', (id) => {
    const { data } = rooflineChart(measured, id, 720).config as unknown as {
      data: { datasets: { label: string; showLine?: boolean; borderColor: string; borderDash?: number[] }[] };
    };
    const lines = data.datasets.filter(({ showLine }) => showLine === true);
    expect(lines.length).toBeGreaterThanOrEqual(5);
    expect(new Set(lines.map(({ borderColor, borderDash }) => `${borderColor} ${borderDash}`)).size).toBe(lines.length);
    for (const { label, borderDash = [] } of lines) expect(/\(da|\(do/.test(label)).toBe(borderDash.length > 0);
  });
});

describe('what the rooflines count', () => {
  it('is what the arrays of a pass hold', () => {
    expect(workOf('sparse', 'small')).toEqual({ flops: 10_000, bytes: 8 * 5000 + 4 * 5000 + 2 * 8 * 1000 + 4 * 1000 });
    expect(workOf('sor', 'large').bytes).toBe(2 * 8 * 1000 * 1000);
    expect(intensityOf(workOf('lu', 'small'))).toBeCloseTo(100 / 48, 10);
  });

  it('is bounded by memory where few operations meet a byte, and by arithmetic elsewhere', () => {
    const roofs = { ...measured.roofs, vectorGflops: 20, l2GBps: 40, l3GBps: 10, addNs: 1, multiplyNs: 2 };
    expect(roofOf(roofs, 'sparse', 'small')).toBeCloseTo(40 / 8, 10);
    expect(roofOf(roofs, 'monte-carlo', 'large')).toBe(20);
    expect(chainOf(roofs, 'sor')).toBeCloseTo(6 / 5, 10);
    expect(chainOf(roofs, 'lu')).toBeNull();
  });
});

function hostLines(): string {
  const { roofs } = measured;
  const rows = [
    ['arithmetic in vectors of two doubles', `${digits(roofs.vectorGflops)} GFLOPS`],
    ['arithmetic in single doubles', `${digits(roofs.scalarGflops)} GFLOPS`],
    ['waiting for a sum, for a product', `${digits(roofs.addNs)} ns, ${digits(roofs.multiplyNs)} ns`],
    [
      'triad in the first, second, third cache',
      [roofs.l1GBps, roofs.l2GBps, roofs.l3GBps].map((rate) => `${digits(rate)} GB/s`).join(', '),
    ],
    ['triad in memory', `${digits(roofs.memoryGBps)} GB/s`],
  ];
  const [before, after] = measured.load;
  return [
    `${measured.processor}, ${measured.cpus} CPUs, on ${measured.measured}; ${measured.compiler}, \`${measured.flags}\`. Load average ${before} before and ${after} after: on a quiet host it is below 1.`,
    '',
    table(['bound', 'measured'], rows),
  ].join('\n');
}

function boundsTable(): string {
  const rows = IDS.flatMap((id) =>
    SIZES_SHOWN.map((size) => {
      const work = workOf(id, size);
      const { best } = figuresOf(measured, id, size);
      const roof = roofOf(measured.roofs, id, size);
      const chain = chainOf(measured.roofs, id);
      return [
        `\`${id}\` ${size}`,
        work.flops.toFixed(0),
        String(work.bytes),
        digits(intensityOf(work)),
        chain === null ? '' : digits(chain),
        digits(roof),
        ...SIDES.map((side) => `${digits(best[side] / 1000)} (${((best[side] / 1000 / roof) * 100).toFixed(0)} %)`),
      ];
    }),
  );
  return table(
    [
      'kernel',
      'operations',
      'bytes',
      'operations a byte',
      'one chain',
      'roof',
      ...SIDES.map((side) => (side === 'C' ? 'C' : `\`${side}\``)),
    ],
    rows,
  );
}

function nodesTable(): string {
  const share = (own: number, c: number) => (own / c).toFixed(2);
  const rows = measured.runs.flatMap((run: Run) =>
    KERNEL_ENGINES.map((side) => [
      `${run.node.slice(1)} (V8 ${run.v8.split('-')[0]})`,
      run.size,
      `\`${side}\``,
      ...run.kernels.map(({ best }) => share(best[side], best.C)),
      share(compositeOf(run, side), compositeOf(run, 'C')),
    ]),
  );
  return table(['Node.js', 'size', 'engine', ...IDS.map((id) => `\`${id}\``), 'composite'], rows);
}
