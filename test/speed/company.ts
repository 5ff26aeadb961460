/** Each kernel alone in a process against all five in one: what their company costs the compiler and the caches. */

import type { Size } from '../../bench/types.ts';
import { median } from '../../bench/units.ts';
import { WORKLOADS } from '../../scimark/index.ts';
import type { Recorder } from './record/figure.ts';
import { buildPrograms, startWorker, type Worker, warmUp } from './worker-process.ts';

export interface CompanyBenchOptions {
  readonly size?: Size;
  /** Pairs of fresh processes per kernel, one alone and one in company. */
  readonly processes?: number;
  /** Bursts of each side per kernel and pair of processes. */
  readonly bursts?: number;
  readonly burstNs?: number;
}

/**
 * Prints, kernel by kernel, time in company ÷ time alone. In company all five are warmed up, and all five run in turn
 * between the measured bursts, as they do in a session.
 */
export async function benchCompany(
  print: (line: string) => void,
  options: CompanyBenchOptions,
  record: Recorder,
): Promise<void> {
  const { size = 'small', processes = 5, bursts = 20, burstNs = 5e6 } = options;
  const ids = WORKLOADS.map(({ id }) => id);
  const programs = await buildPrograms(false);
  try {
    print(`Kernels in company, size ${size}: time with all five in one process ÷ time alone, 1.00 is no cost.`);
    print(`  ${'kernel'.padEnd(13)}${'median'.padStart(8)}${'of processes'.padStart(14)}`);
    const ratios = new Map<string, number[]>(ids.map((id) => [id, []]));
    for (let start = 0; start < processes; start++) {
      const workers: Worker[] = [];
      try {
        const company = await startWorker(programs.own('reference'), size, ids);
        workers.push(company);
        const alone = new Map<string, Worker>();
        for (const id of ids) {
          const worker = await startWorker(programs.own('reference'), size, [id]);
          workers.push(worker);
          alone.set(id, worker);
        }
        for (const [id, values] of await compare(company, alone, bursts, burstNs)) {
          ratios.get(id)!.push(median(values));
        }
      } finally {
        for (const worker of workers) await worker.close();
      }
    }
    for (const [id, values] of ratios) {
      record(`company.${id}`, 'ratio', values);
      const range = `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`;
      print(`  ${id.padEnd(13)}${median(values).toFixed(2).padStart(8)}${range.padStart(14)}`);
    }
  } finally {
    await programs.dispose();
  }
}

/** Ratios of neighbouring bursts, company ÷ alone, by kernel; the kernels take turns. */
async function compare(
  company: Worker,
  alone: ReadonlyMap<string, Worker>,
  bursts: number,
  burstNs: number,
): Promise<Map<string, number[]>> {
  const passes = new Map<string, number>();
  for (const [id, worker] of alone) {
    await warmUp(company, id, burstNs, 100e6);
    passes.set(id, await warmUp(worker, id, burstNs, 100e6));
  }
  const ratios = new Map<string, number[]>([...alone.keys()].map((id) => [id, []]));
  for (let burst = 0; burst < bursts; burst++) {
    for (const [id, worker] of alone) {
      const work = passes.get(id)!;
      const times = { company: 0, alone: 0 };
      const steps = [
        async () => {
          times.company = await company.burst(id, work);
        },
        async () => {
          times.alone = await worker.burst(id, work);
        },
      ];
      if (Math.random() < 0.5) steps.reverse();
      for (const step of steps) await step();
      ratios.get(id)!.push(times.company / times.alone);
    }
  }
  return ratios;
}
