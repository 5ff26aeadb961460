import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, rehearse, sessions } from './program.ts';

const isRoot = process.getuid?.() === 0;
const LIMIT_MS = 240_000;
const SMALL = ['--size', 'tiny', '--burst', '1ms', '--window', '50ms', '--blocks', '2', '-q'];

let out: string;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

describe('boxmark capacity', () => {
  it.skipIf(!isRoot)(
    'measures what a host takes, answers, and plan-hosts asks the session again',
    {
      timeout: LIMIT_MS,
    },
    async () => {
      const ended = await rehearse(
        ...['capacity', '-e', 'native,unshare', '--max', '3'],
        '--recover',
        '60s',
        ...SMALL,
        '-o',
        out,
      );
      expect(ended.stderr).toBe('');
      expect(ended.code).toBe(0);
      expect(ended.stdout).toMatch(/At median slowdown <= 1\.1, a host takes\s+on fft: native /);
      const [dir = ''] = sessions(out);
      expect(JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')).plan).toMatchObject({
        ...{ measure: 'capacity', instances: [1, 2, 3], storms: [2, 3], recoverNs: 6e10 },
      });
      expect((await boxmark('check', dir)).code).toBe(0);
      const asked = await boxmark('plan-hosts', dir, '--slo', 'p99 slowdown <= 1000', '--need', '10', '--json');
      expect(asked.stderr).toBe('');
      expect(asked.code).toBe(0);
      const { schema, question, rows } = JSON.parse(asked.stdout);
      expect(schema).toBe(1);
      expect(question).toMatchObject({ objective: 'p99 slowdown <= 1000', need: 10, spare: 0 });
      expect(rows.map(({ env }: { env: string }) => env)).toEqual(['native', 'unshare']);
      for (const { cpu, restart, host, fleet } of rows) {
        expect(restart).toMatchObject({ atEstimate: 3 });
        expect(cpu).toMatchObject({ atEstimate: 3 });
        // Two blocks on a busy host may leave an interval that meets nothing, and a host that takes none.
        const hosts = Math.ceil(10 / host.instances);
        expect(fleet).toEqual(host.instances === 0 ? null : expect.objectContaining({ hosts, instances: 10 }));
      }
      const resumed = await rehearse('resume', dir, '--max-blocks', '3', '-q');
      expect(resumed.stderr).toBe('');
      expect(resumed.code).toBe(0);
      expect((await boxmark('check', dir)).code).toBe(0);
    },
  );

  it.each([
    [['capacity', '--slo', 'p99 slowdown'], '--slo takes an objective'],
    [['capacity', '--slo', 'p99 slowdon <= 2'], 'did you mean "slowdown"?'],
    [['capacity', '--need', '4', '--hosts', '2'], "can't be given together"],
    [['capacity', '--reserve', '2'], '--reserve takes an amount of memory'],
    [['capacity', '--max', '0'], '--max takes a whole number from 1 to 1024'],
    [['plan-hosts', '.', '--simulate', 'cores=4'], '--simulate takes the size of a host'],
    [['plan-hosts', '.', '--simulate', 'cpus=4000'], 'cpus of --simulate takes a whole number from 1 to 1024'],
    [['plan-hosts', '/nowhere'], 'There is no such folder'],
    [['plan-hosts', 'results/example/20261126T070159Z-b39def'], 'no instances that work at once'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const ended = await boxmark(...args, ...(args[0] === 'capacity' ? ['-o', out] : []));
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
    expect(sessions(out)).toEqual([]);
  });
});
