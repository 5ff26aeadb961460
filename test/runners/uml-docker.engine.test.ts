/** Docker inside a virtual machine: a User-mode Linux that holds engines, with a real daemon and a real payload in it. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Box, Image } from '../../bench/types.ts';
import { docker } from '../../runners/engines/docker/runner.ts';
import { uml } from '../../runners/engines/uml/runner.ts';
import { unshare } from '../../runners/engines/unshare/runner.ts';
import { prepareStack, type StackContext, UnavailableError } from '../../runners/stack/stack.ts';
import { converse, type Lab, openLab } from '../lab.ts';

const TIMEOUT_MS = 580_000;

let lab: Lab;
let host: Box;
let image: Image;
let context: StackContext;
let unavailable: string | undefined;

beforeAll(async () => {
  lab = await openLab();
  ({ host, image } = lab);
  context = { runners: [uml, docker, unshare], image, workspace: lab.workspace };
  for (const runner of [uml, docker]) {
    const probe = await runner.probe(host, lab.workspace);
    if (!probe.available) unavailable ??= `${runner.name}: ${probe.reason} (${probe.remedy})`;
  }
}, TIMEOUT_MS);

afterAll(async () => {
  const left = lab.leftovers();
  await lab.dispose();
  expect(left).toEqual([]);
}, TIMEOUT_MS);

describe('a guest of User-mode Linux that holds engines', { timeout: TIMEOUT_MS }, () => {
  it('runs Docker inside, afresh and again, booked to the machine, two side by side', async (ctx) => {
    if (unavailable !== undefined) return ctx.skip(unavailable);
    const environment = await prepareStack('uml/docker', [uml, docker], context).catch((error: unknown) => {
      throw error instanceof UnavailableError ? new Error(`${error.message} (${error.unavailable.remedy})`) : error;
    });
    try {
      expect(environment).toMatchObject({ path: 'uml/docker', cpuClock: 'host', sharesClock: false });
      expect(environment.labels[0]).toBe('guest kernel (User-mode Linux)');
      expect(environment.traits).toMatchObject({ ownCpu: true, emulated: false, kvm: false });
      expect(environment.labels).not.toContain('storage vfs');
      const names = ['b1-ud-1', 'b1-ud-2'];
      const talks = await Promise.all(names.map((name) => converse(environment, name)));
      try {
        for (const { process: child, facts, ask, started } of talks) {
          const { usage, cpuNs } = started;
          expect(await ask('hello "guest"')).toBe('echo hello "guest"');
          child.write('quit');
          expect(await child.exited, child.errorTail()).toEqual({ exitCode: 0, signal: null });
          expect(facts).toMatchObject({
            env: { PATH: '/usr/bin:/bin', HOME: '/' },
            capEff: '0000000000000000',
            noNewPrivs: '1',
            writeRoot: 'EROFS',
            writeTmp: 'written',
          });
          expect(facts.argv[0]).toMatch(/^--start=/);
          expect(usage().cpuNs).toBeGreaterThan(1e8);
          expect(cpuNs?.()).toBeGreaterThan(1e8);
        }
      } finally {
        for (const { started } of talks) await started.close();
      }
    } finally {
      await environment.dispose();
    }
  });

  it('says how a machine ended that does not come up', async (ctx) => {
    if (unavailable !== undefined) return ctx.skip(unavailable);
    const prepared = await uml.prepare(host, image, lab.workspace, docker.needs);
    const { limits, signal } = lab.workspace;
    const broken = { ...prepared, disk: '/nonexistent' };
    const options = { name: 'b1-broken-1', limits, signal, holds: docker.needs };
    await expect(uml.open(host, broken, options)).rejects.toThrow(/The box uml did not start: it ended[\s\S]*no disk/);
    await prepared.dispose();
  });

  it('carries long and awkward commands, input and output, and ends what takes too long', async (ctx) => {
    if (unavailable !== undefined) return ctx.skip(unavailable);
    const prepared = await uml.prepare(host, image, lab.workspace, docker.needs);
    const { limits, signal } = lab.workspace;
    const box = await uml.open(host, prepared, { name: 'b1-agent-1', limits, signal, holds: docker.needs });
    try {
      const long = `${'x'.repeat(20_000)} "quoted" 'ünï' $HOME \n end`;
      const echoed = await box.exec(['sh', '-c', 'printf %s "$1"; cat; echo wrong >&2; exit 7', 'sh', long], {
        input: long,
      });
      expect(echoed).toEqual({ exitCode: 7, stdout: long + long, stderr: 'wrong\n', timedOut: false });
      expect(await box.exec(['nothing'])).toMatchObject({ exitCode: 127, stderr: 'nothing: ENOENT' });
      const slow = await box.exec(['sleep', '600'], { timeoutMs: 500 });
      expect(slow).toMatchObject({ exitCode: null, timedOut: true });
      const large = await box.exec([
        'sh',
        '-c',
        'i=0; while [ $i -lt 3000 ]; do echo "line $i of many"; i=$((i+1)); done',
      ]);
      expect(large.stdout.split('\n')).toHaveLength(3001);
      const child = await box.spawn(['cat']);
      child.kill();
      expect(await child.exited).toEqual({ exitCode: null, signal: 'SIGKILL' });
    } finally {
      await box.close();
      await prepared.dispose();
    }
  });
});
