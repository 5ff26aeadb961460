import { expect, it } from 'vitest';
import { Ledger } from '../../bench/run/watch/ledger.ts';
import { verifyStates, wrongStates } from '../../bench/run/watch/states.ts';
import type { NewEvent } from '../../bench/session/events.ts';

const state = (env: string, workload: string, passes: number, checksum = `${workload} after ${passes}`) => ({
  ...{ env, workload, passes, checksum },
});

function replayed() {
  const asked: [string, readonly number[]][] = [];
  const ledger = new Ledger(async (workload, passes) => {
    asked.push([workload, passes]);
    return passes.map((count) => `${workload} after ${count}`);
  });
  return { ledger, asked };
}

it('asks for one replay of each workload, whatever the order of the states', async () => {
  const { ledger, asked } = replayed();
  const states = [state('native', 'fft', 7), state('native', 'lu', 2), state('docker', 'fft', 3)];
  expect(await wrongStates(states, ledger)).toEqual([]);
  expect(asked).toEqual([
    ['fft', [3, 7]],
    ['lu', [2]],
  ]);
});

it('records every wrong state with what is right, and names the environments', async () => {
  const { ledger } = replayed();
  const events: NewEvent[] = [];
  // Two that agree with each other are wrong all the same.
  const states = [state('native', 'fft', 7), state('docker', 'fft', 7, 'aa'), state('podman', 'fft', 7, 'aa')];
  const sink = { event: (event: NewEvent) => void events.push(event) };
  const wrong = await verifyStates(states, ledger, { block: 2, sink });
  expect([...wrong]).toEqual(['docker', 'podman']);
  expect(events).toEqual(
    ['docker', 'podman'].map((env) => ({
      ...{ kind: 'checksum-mismatch', env, block: 2, workload: 'fft', passes: 7, checksum: 'aa' },
      expected: 'fft after 7',
    })),
  );
});
