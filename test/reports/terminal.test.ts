/** The terminal report: the whole of it at 80 columns, and never a line more than asked for. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildModel } from '../../reports/model/model.ts';
import { answerOf, controlSentence } from '../../reports/sections/answer.ts';
import { contrasts } from '../../reports/sections/contrasts.ts';
import { couldNotRun } from '../../reports/sections/differences.ts';
import { problems } from '../../reports/sections/problems.ts';
import { displayWidth } from '../../reports/text.ts';
import { simulateSamples, testPlan, testStart } from '../bench/analysis/simulate.ts';
import { notesOf, terminalOf as render, rowsOf } from './document.ts';
import { fixtureInput } from './fixture.ts';
import { hostileInput } from './hostile.ts';

function expectWidth(text: string, width: number): void {
  for (const line of text.split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
}

/** A session in which every text that comes from outside is this one. */
describe('render', () => {
  it('shows the fixture session at 80 columns', () => {
    const text = render(buildModel(fixtureInput()));
    expectWidth(text, 80);
    expect(text).toMatchInlineSnapshot(`
      "boxmark 0.1.0 · 20261123T170000Z-ab12cd · 2026-11-23 17:00 UTC
      Example CPU @ 2.40GHz, 2 CPUs, 7.8 GiB, Linux 6.1, Debian 12, virtualised
      quick: 6 blocks × 10 rounds in 2 min 55 s · CPU 1, size small, reference
        kernels, seed 101010

      docker/docker is equivalent to docker in bursts: time +1.0 % [+0.8, +1.2],
      throughput −1.0 % (mean of 5 workloads), within the margin of ±2 %; long visits
      do not show it.
      Others against native (mean of 5 workloads): slower: qemu:tcg × 18.31;
        equivalent: docker, docker/docker.
      Control (a second native): +0.1 % [−0.3, +0.5]: this session can't resolve
        differences below 0.5 %.

      Workload by workload
      Time against native: above 1 takes longer. Paired 95 % intervals of typical
        bursts, not adjusted for their number; verdicts at a margin of ±2 %.
      Time ratio to native:
                     time ratio   95 % interval  throughput  blocks  verdict
      docker (container)
        fft               1.005  [1.002, 1.009]      −0.5 %       6  equivalent *
        sor               1.002  [0.996, 1.009]      −0.2 %       6  equivalent *
        monte-carlo       1.003  [0.997, 1.009]      −0.3 %       6  equivalent *
        sparse            1.003  [0.999, 1.008]      −0.3 %       6  equivalent *
        lu                1.005  [0.997, 1.013]      −0.5 %       6  equivalent *
        suite             1.004  [1.001, 1.007]      −0.4 %       6  equivalent *
      docker/docker (nested) · relaxed outer box
        fft               1.017  [1.013, 1.022]      −1.7 %       6  slower
        sor               1.012  [1.005, 1.018]      −1.2 %       6  inconclusive
        monte-carlo       1.013  [1.006, 1.021]      −1.3 %       6  slower
        sparse            1.012  [1.007, 1.017]      −1.1 %       6  inconclusive
        lu                1.012  [1.007, 1.017]      −1.2 %       6  equivalent *
        suite             1.013  [1.011, 1.016]      −1.3 %       6  equivalent *
      qemu:tcg (vm) · emulated · guest kernel
        fft               18.37  [18.28, 18.46]     −94.6 %       6  slower +
        sor               18.30  [18.23, 18.37]     −94.5 %       6  slower +
        monte-carlo       18.29  [18.20, 18.39]     −94.5 %       6  slower +
        sparse            18.30  [18.23, 18.37]     −94.5 %       6  slower +
        lu                18.27  [18.17, 18.36]     −94.5 %       6  slower +
        suite             18.31  [18.27, 18.35]     −94.5 %       6  slower +
      native@control
        fft               1.002  [0.996, 1.008]      −0.2 %       6  control
        sor               1.002  [0.995, 1.009]      −0.2 %       6  control
        monte-carlo       0.996  [0.993, 0.998]      +0.4 %       6  control
        sparse            0.998  [0.993, 1.003]      +0.2 %       6  control
        lu                1.007  [1.002, 1.012]      −0.7 %       6  control
        suite             1.001  [0.997, 1.005]      −0.1 %       6  control
      + the whole interval is past the margin of ±2 %
      * in bursts only: no interval of long visits within the margin

      Other pairs:
                     time ratio   95 % interval  throughput  blocks  verdict
      docker/docker against docker
        fft               1.013  [1.011, 1.015]      −1.3 %       6  equivalent *
        sor               1.012  [1.007, 1.017]      −1.2 %       6  inconclusive
        monte-carlo       1.009  [1.004, 1.015]      −0.9 %       6  equivalent *
        sparse            1.008  [1.001, 1.015]      −0.8 %       6  inconclusive
        lu                1.007  [1.002, 1.012]      −0.7 %       6  equivalent *
        suite             1.010  [1.008, 1.012]      −1.0 %       6  equivalent *
      * in bursts only: no interval of long visits within the margin

      Time and rate of each environment
      Medians over all measured bursts; to compare, use the paired ratios.
                        time         rate  wake-up
      native · baseline
        fft          26.2 µs  1911 MFLOPS    1.04×
        sor          85.0 µs   588 MFLOPS    1.04×
        monte-carlo  1.01 ms  49.7 MFLOPS    1.04×
        sparse       59.3 µs   844 MFLOPS    1.04×
        lu            300 µs   167 MFLOPS    1.04×
        composite          –   712 MFLOPS        –
      docker (container)
        fft          26.1 µs  1916 MFLOPS    1.04×
        sor          85.4 µs   586 MFLOPS    1.04×
        monte-carlo  1.01 ms  49.4 MFLOPS    1.04×
        sparse       59.8 µs   836 MFLOPS    1.04×
        lu            304 µs   165 MFLOPS    1.04×
        composite          –   710 MFLOPS        –
      docker/docker (nested) · relaxed outer box
        fft          26.5 µs  1888 MFLOPS    1.04×
        sor          86.0 µs   582 MFLOPS    1.04×
        monte-carlo  1.02 ms  48.8 MFLOPS    1.04×
        sparse       59.5 µs   840 MFLOPS    1.04×
        lu            305 µs   164 MFLOPS    1.04×
        composite          –   704 MFLOPS        –
      qemu:tcg (vm) · emulated · guest kernel
        fft           478 µs   105 MFLOPS    1.04×
        sor          1.55 ms  32.3 MFLOPS    1.04×
        monte-carlo  18.4 ms  2.72 MFLOPS    1.04×
        sparse       1.09 ms  46.0 MFLOPS    1.04×
        lu           5.52 ms  9.05 MFLOPS    1.04×
      native@control
        fft          26.2 µs  1910 MFLOPS    1.04×
        sor          84.7 µs   590 MFLOPS    1.04×
        monte-carlo   999 µs  50.0 MFLOPS    1.04×
        sparse       59.3 µs   843 MFLOPS    1.04×
        lu            302 µs   166 MFLOPS    1.04×
        composite          –   712 MFLOPS        –
      wake-up: a measured burst with what its lead-in loses, over one without

      Open and untrusted verdicts
      docker/docker against native: inconclusive on sor (total time may differ),
        sparse (total time may differ).
      docker/docker against docker: inconclusive on sor (total time may differ),
        sparse (total time may differ: 1 more block).

      Fresh starts
      Median time from start, and median time of removal.
      environment             started  failed  spawned  1st instr.    ready  removal
      native                        6       0     0 ns     43.5 ms  53.5 ms  3.00 ms
      docker (container)            6       0  1.00 ms     93.5 ms   104 ms  6.00 ms
      docker/docker (nested)        5       1  2.00 ms      143 ms   153 ms  9.00 ms
      qemu:tcg (vm)                 6       0  3.00 ms      194 ms   204 ms  12.0 ms

      Could not run
      gvisor: runsc is not installed. Try: boxmark setup --all

      What went wrong
      docker/docker: start failed in block 5: the inner daemon was gone.
      qemu:tcg (vm): 2 wrong answers on lu, which count in no figure.
      idle-cpu (2 events in events.jsonl, of qemu:tcg): a box used more than 0.1 % of
        its life on the CPU outside its own requests.
      checksum-mismatch (1 event in events.jsonl, of qemu:tcg): the state of a box
        differs from a replay of the same passes.

      Notes
      quick: 6 blocks, fewer than 10. A fault that hits 5 % of starts is absent from
        such a session in 74 % of cases.
      qemu:tcg (vm) is emulated: its ratio is not the overhead of a VM.

      The open verdict needs 1 more block: then it is at ±0.99 %, which always
        decides:
      boxmark resume results/20261123T170000Z-ab12cd --max-blocks 7
      "
    `);
  });

  it.each([40, 60, 80, 100, 200])('keeps to %i columns', (width) => {
    expectWidth(render(buildModel(fixtureInput()), { width }), width);
  });

  it('says what could not run and why when nothing was measured', () => {
    const base = fixtureInput();
    const model = buildModel({ ...base, samples: [], starts: [], events: [] });
    expectWidth(render(model), 80);
    expect(answerOf(model)).toBe('Nothing was measured.');
    expect(controlSentence(model)).toMatch(/: no data/);
    expect(notesOf(couldNotRun(model.unavailable))).toEqual([
      'gvisor: runsc is not installed. Try: boxmark setup --all',
    ]);
    expect(notesOf(problems(model))).toEqual([
      'native: no data.',
      'docker (container): no data.',
      'docker/docker (nested): no data.',
      'qemu:tcg (vm): no data.',
    ]);
  });

  it('shows a single block and a single workload without intervals', () => {
    const plan = testPlan({ blocks: 1, workloads: ['fft'] });
    const base = fixtureInput();
    const session = { ...base.session, plan, stopReason: 'interrupted', finishedAt: null };
    const samples = simulateSamples(plan, { seed: 6, ratios: { docker: 1.2 } });
    const model = buildModel({ session, samples, starts: [], events: [], unavailable: [] });
    expectWidth(render(model), 80);
    expect(rowsOf(contrasts(model))).toEqual([
      ['docker (container)', 'fft', '1.208', '–', '−17.2 %', expect.any(String), '–', '1', 'inconclusive', '2'],
      ['native@control', 'fft', '0.991', '–', '+0.9 %', expect.any(String), '–', '1', 'control', '–'],
    ]);
  });

  it('emphasises only when asked, and then changes nothing else', () => {
    const model = buildModel(fixtureInput());
    const plain = render(model, { colour: false });
    const coloured = render(model, { colour: true });
    expect(plain).not.toContain('\u001b');
    expect(coloured).toContain('\u001b[1m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences are what is looked for.
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  it('gives long names lines of their own and keeps them whole', () => {
    const path = 'docker:seccomp=unconfined:memory=1g:cpus=2/docker:storage=overlay2:memory=512m/runc:rootless=true';
    const base = fixtureInput();
    const plan = testPlan({ environments: [{ path: 'native' }, { path }] });
    const starts = [testStart({ env: path })];
    const text = render(
      buildModel({ ...base, session: { ...base.session, plan }, starts, samples: simulateSamples(plan, { seed: 1 }) }),
    );
    expectWidth(text, 80);
    expect(text.replace(/\n +/g, '')).toContain(path);
  });

  it.each([
    ['escape sequences', '\u001b[2J\u001b]0;owned\u0007\u009b31m'],
    ['line ends', 'a\r\nb\u0085c\u2028d'],
    ['marks that turn a line round', '\u202egnp.exe\u202c\u2066\u200f'],
    ['ten thousand characters', 'x'.repeat(10_000)],
    ['ten thousand words', 'ab '.repeat(3334)],
    ['wide characters', '測試'.repeat(300)],
    ['stacked marks', `z${'\u0335'.repeat(2000)}`],
  ])('is not harmed by %s', (_, text) => {
    const shown = render(buildModel(hostileInput(text)));
    expectWidth(shown, 80);
    expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(shown.length).toBeLessThan(40_000);
  });

  it('keeps to the width with any text from outside', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const shown = render(buildModel(hostileInput(text)));
        expectWidth(shown, 80);
        expect(shown.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }),
      { numRuns: 60 },
    );
  });
});
