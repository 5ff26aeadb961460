/** The roofline of a kernel: its engines and C as points below what arithmetic, memory and waiting allow. */

import type { Size } from '../../bench/types.ts';
import { baseOptions, type Chart, figures, type Json, LEGEND, round, valueAxis } from '../../reports/charts/chart.ts';
import { type Look, lookAt } from '../../reports/charts/palette.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import { SIDES, type Side } from './kernels.ts';
import { chainOf, figuresOf, intensityOf, type Measured, type Roofs, workOf } from './roofline-figures.ts';

/** Operations a byte, and GFLOPS: the same axes for all kernels. */
const X = { min: 0.05, max: 500 } as const;
const Y = { min: 0.2, max: 50 } as const;
const SIZES_DRAWN = ['small', 'large'] as const satisfies readonly Size[];
/** Dark to light, and one apart for the chain. */
const [BLACK, GREY, LIGHT, BROWN] = ['#16191d', '#7a7f87', '#b4b8be', '#8a5a00'] as const;
/** Lengths of lines and gaps, and their word: a mark in the legend is too short to show them. */
const [WHOLE, DASHED, DOTTED, MIXED] = [
  { dash: [], word: '' },
  { dash: [9, 4], word: ' (dashed)' },
  { dash: [2, 3], word: ' (dotted)' },
  { dash: [9, 3, 2, 3], word: ' (dashes and dots)' },
] as const;

export function rooflineChart(measured: Measured, id: string, width: number): Chart {
  const { title } = WORKLOADS.find((one) => one.id === id)!;
  const node = measured.runs[0]!.node;
  const cells = SIZES_DRAWN.flatMap((size) =>
    SIDES.map((side) => ({ size, side, gflops: figuresOf(measured, id, size, node).best[side] / 1000 })),
  );
  return {
    id: `kernels-${id}`,
    title: `Roofline of ${id}`,
    heading: `${title}: GFLOPS against operations a byte`,
    caption: `${measured.processor}, ${measured.measured}, Node.js ${node.slice(1)}`,
    description: `${title}, best bursts in GFLOPS: ${cells
      .map(({ size, side, gflops }) => `${side} ${size} ${gflops.toFixed(2)}`)
      .join(', ')}.`,
    notes: [],
    width,
    height: 420,
    config: {
      type: 'scatter',
      data: {
        datasets: [...roofLines(measured.roofs, id), ...SIDES.map((side, k) => points(measured, id, side, lookAt(k)))],
      },
      options: baseOptions({
        scales: { x: logAxis('nominal operations a byte', X), y: logAxis('GFLOPS', Y) },
        plugins: { legend: LEGEND },
      }),
    },
    table: figures({
      head: ['size', 'side', 'GFLOPS'],
      rows: cells.map(({ size, side, gflops }) => [size, side, gflops.toFixed(2)]),
    }),
    sources: [],
  };
}

function logAxis(
  title: string,
  range: { readonly min: number; readonly max: number },
): { readonly [key: string]: Json } {
  return valueAxis(title, { ...range, type: 'logarithmic', ticks: { maxTicksLimit: 9 } });
}

/** Small is filled, large is open. */
function points(measured: Measured, id: string, side: Side, { colour, shape, rotation }: Look): Json {
  const data = SIZES_DRAWN.map((size) => ({
    x: round(intensityOf(workOf(id, size))),
    y: round(figuresOf(measured, id, size, measured.runs[0]!.node).best[side] / 1000),
  }));
  return {
    label: side,
    data,
    pointStyle: shape,
    pointRotation: rotation,
    pointRadius: 7,
    pointBorderWidth: 2,
    pointBorderColor: colour,
    pointBackgroundColor: [colour, '#ffffff'],
    backgroundColor: colour,
    borderColor: colour,
  };
}

function roofLines(roofs: Roofs, id: string): Json[] {
  const chain = chainOf(roofs, id);
  const bandwidths: readonly [string, number, string][] = [
    ['L2', roofs.l2GBps, BLACK],
    ['L3', roofs.l3GBps, GREY],
    ['memory', roofs.memoryGBps, LIGHT],
  ];
  const ends = (rate: number) => [X.min, roofs.vectorGflops / rate].map((x) => ({ x: round(x), y: round(x * rate) }));
  return [
    ...bandwidths.map(([name, rate, colour]) =>
      line(`${name} ${rate.toFixed(0)} GB/s`, ends(rate), { colour, ...WHOLE }),
    ),
    flat('vectors', roofs.vectorGflops, { colour: BLACK, ...DASHED }),
    flat('scalars', roofs.scalarGflops, { colour: GREY, ...DOTTED }),
    ...(chain === null ? [] : [flat('one chain', chain, { colour: BROWN, ...MIXED })]),
  ];
}

interface Stroke {
  readonly colour: string;
  readonly dash: readonly number[];
  readonly word: string;
}

function flat(name: string, gflops: number, stroke: Stroke): Json {
  const data = [X.min, X.max].map((x) => ({ x, y: round(gflops) }));
  return line(name, data, stroke);
}

function line(name: string, data: readonly { readonly x: number; readonly y: number }[], stroke: Stroke): Json {
  const { colour: borderColor, dash: borderDash, word } = stroke;
  const label = `${name}${word}`;
  return { label, data, showLine: true, pointRadius: 0, pointStyle: 'line', borderColor, borderDash, borderWidth: 1.5 };
}
