/** Prepares environments, does something with them, and clears up whatever happens: the frame of a measuring command. */

import { EXIT } from '../bench/errors.ts';
import { type Bench, type BenchOptions, type BenchSettings, openBench } from './prepare.ts';
import { createProgress, type Progress } from './progress.ts';
import { stderr } from './streams.ts';
import { interruptSignal } from './workbench.ts';

export interface FrameOptions extends Omit<BenchOptions, 'signal' | 'progress'> {
  readonly quiet: boolean;
}

export interface Frame {
  readonly bench: Bench;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Returns the exit code of `act`; 130 when an interrupt came before there was anything to keep. */
export async function withBench(
  settings: BenchSettings,
  { quiet, ...options }: FrameOptions,
  act: (frame: Frame) => Promise<number>,
): Promise<number> {
  const interrupt = interruptSignal();
  const { signal } = interrupt;
  const progress = createProgress(stderr, { quiet });
  let bench: Bench | undefined;
  try {
    bench = await openBench(settings, { ...options, signal, progress });
    return await act({ bench, signal, progress });
  } catch (error) {
    if (!signal.aborted) throw error;
    stderr.write('boxmark: interrupted before anything was measured; nothing is left behind\n');
    return EXIT.interrupted;
  } finally {
    progress.done();
    await bench?.dispose();
    interrupt.release();
  }
}
