/** The SciMark score as text: SciMark's own lines, and what bursts say behind them. */

export interface ScoreRow {
  readonly id: string;
  readonly mflops: number | null;
  readonly best: number | null;
  readonly median: number | null;
  /** What the size means for the kernel (`N`, `nonzeros`, `samples`). */
  readonly parameters: Readonly<Record<string, number>>;
}

export interface ScoreText {
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

export function renderScore(score: ScoreText): string {
  const { minSeconds, bursts, burstMs, composite } = score;
  const figures = (best: number | null, middle: number | null) => `${number(best, 10)}${number(middle, 10)}`;
  const line = (text: string, best: number | null, middle: number | null) =>
    `${text.padEnd(NAMES_WIDTH)}${figures(best, middle)}`;
  return [
    `boxmark ${score.program}: SciMark 2.0, ${score.kernels} kernels, size ${score.size}`,
    `Node.js ${score.node}, CPU ${score.cpu}; first passes have NIST's bits`,
    '',
    `${`Using ${minSeconds.toFixed(2).padStart(10)} seconds min time per kernel.`.padEnd(NAMES_WIDTH)}${`${bursts} bursts of ${burstMs} ms`.padStart(20)}`,
    `${''.padEnd(NAMES_WIDTH)}${'best'.padStart(10)}${'median'.padStart(10)}`,
    line(`Composite Score:        ${number(composite.scimark, 8)}`, composite.best, composite.median),
    ...score.rows.map(({ id, mflops, best, median, parameters }) =>
      line(`${LABELS[id] ?? id.padEnd(24)}${number(mflops, 8)}${sizeOf(id, parameters)}`, best, median),
    ),
    '',
  ].join('\n');
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

function number(value: number | null, width: number): string {
  return (value === null ? '–' : value.toFixed(2)).padStart(width);
}
