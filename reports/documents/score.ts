/** The SciMark score: the lines of SciMark's own program, and beside them what bursts show. */

import { linesTable } from '../sections/section.ts';
import { clean } from '../text.ts';
import { known } from '../words.ts';
import type { Document } from './document.ts';

interface ScoreRow {
  readonly id: string;
  readonly mflops: number | null;
  readonly best: number | null;
  readonly median: number | null;
  /** What the size means for the kernel (`N`, `nonzeros`, `samples`). */
  readonly parameters: Readonly<Record<string, number>>;
}

export interface SciMarkScore {
  readonly program: string;
  readonly kernels: string;
  readonly size: string;
  readonly node: string;
  readonly cpu: string;
  readonly minSeconds: number;
  readonly burstMs: number;
  readonly bursts: number;
  readonly rows: readonly ScoreRow[];
  readonly composite: { readonly scimark: number | null; readonly best: number | null; readonly median: number | null };
}

/** Labels as SciMark's C program prints them. */
const LABELS: Readonly<Record<string, string>> = {
  fft: 'FFT             Mflops: ',
  sor: 'SOR             Mflops: ',
  'monte-carlo': 'MonteCarlo:     Mflops: ',
  sparse: 'Sparse matmult  Mflops: ',
  lu: 'LU              Mflops: ',
};

const NAMES_WIDTH = 56;

export function scoreDocument(score: SciMarkScore): Document {
  const { program, kernels, size, node, cpu, composite } = score;
  return {
    kind: 'SciMark score',
    about: [
      `boxmark ${clean(program, 20)}: SciMark 2.0, ${kernels} kernels, size ${size}`,
      `Node.js ${clean(node, 40)}, CPU ${cpu}; the first passes match NIST's results bit for bit`,
    ],
    answer: composite.scimark === null ? 'There is no score.' : `SciMark score: ${composite.scimark.toFixed(2)} MFLOPS`,
    sections: [
      {
        id: 'score',
        title: "By SciMark's own protocol, and by bursts",
        weight: 'top',
        tables: [linesTable('score-lines', 'SciMark score, MFLOPS', scoreLines(score))],
      },
    ],
  };
}

function scoreLines({ minSeconds, bursts, burstMs, composite, rows }: SciMarkScore): string[] {
  const line = (text: string, best: string, median: string) =>
    text.padEnd(NAMES_WIDTH) + best.padStart(10) + median.padStart(10);
  const protocol = `Using ${minSeconds.toFixed(2).padStart(10)} seconds min time per kernel.`;
  return [
    protocol.padEnd(NAMES_WIDTH) + `${bursts} bursts of ${burstMs} ms`.padStart(20),
    line('', 'best', 'median'),
    line(
      `Composite Score:        ${number(composite.scimark).padStart(8)}`,
      number(composite.best),
      number(composite.median),
    ),
    ...rows.map(({ id, mflops, best, median, parameters }) =>
      line(
        `${LABELS[id] ?? id.padEnd(24)}${number(mflops).padStart(8)}${sizeOf(id, parameters)}`,
        number(best),
        number(median),
      ),
    ),
  ];
}

function sizeOf(id: string, { N = 0, nonzeros = 0 }: Readonly<Record<string, number>>): string {
  const texts: Readonly<Record<string, string>> = {
    fft: `(N=${N})`,
    sor: `(${N} x ${N})`,
    sparse: `(N=${N}, nz=${nonzeros})`,
    lu: `(M=${N}, N=${N})`,
  };
  return texts[id] === undefined ? '' : `    ${texts[id]}`;
}

function number(value: number | null): string {
  return known(value, (it) => it.toFixed(2));
}
