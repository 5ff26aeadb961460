/** The static program that makes system calls and becomes another one: what it passes on, and how it fails. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { type Call, callProgram, GIVEN, LAST } from '../../runners/image/call-program.ts';
import { readElf } from '../../runners/image/elf.ts';
import { hostExec } from '../../runners/kit/process.ts';
import { enterProgram } from '../../runners/stack/enter-program.ts';

const CREATE_CLOEXEC = 0o2000101;
const isKnown = callProgram(process.arch, []) !== undefined;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-calls-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

let count = 0;
function run(calls: readonly Call[], ...args: string[]) {
  const file = join(dir, `program-${++count}`);
  writeFileSync(file, callProgram(process.arch, calls)!, { mode: 0o700 });
  expect(readElf(file)).toMatchObject({ needed: [] });
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', env: { HIDDEN: 'yes' } });
  return { status, stdout, stderr };
}

describe.skipIf(!isKnown)('a program of system calls', () => {
  it('makes them in order, then becomes a program with its arguments and only the given variables', () => {
    const calls: Call[] = [
      { name: 'write', args: [1, 'one ', 4], failure: 'no' },
      { name: 'write', args: [1, Buffer.from('two\n'), 4], failure: 'no' },
    ];
    const script = 'echo "$0,$1,$2"; tr "\\0" " " </proc/$$/environ';
    const done = run(calls, '-', 'A=1', 'B=--', '--', '/bin/sh', '-c', script, 'a', '--', '');
    expect(done).toEqual({ status: 0, stdout: 'one two\na,--,\nA=1 B=-- ', stderr: '' });
    expect(run([], '-', '--', '/bin/sh', '-c', 'tr "\\0" " " </proc/$$/environ').stdout).toBe('');
  });

  it('uses what the last call gave, and its own first argument', () => {
    const text = join(dir, 'text');
    const calls: Call[] = [
      { name: 'openat', args: [-100, GIVEN, CREATE_CLOEXEC, 0o600], failure: 'no' },
      { name: 'write', args: [LAST, 'written', 7], failure: 'no' },
      { name: 'chdir', args: [dir], failure: 'no' },
    ];
    const open = ['--', '/bin/sh', '-c', 'pwd >&2; ls /proc/self/fd'];
    expect(run(calls, text, ...open)).toEqual({ ...run([], '-', ...open), stderr: `${dir}\n` });
    expect(readFileSync(text, 'utf8')).toBe('written');
    expect(run([{ name: 'chdir', args: [GIVEN], failure: 'no' }], dir, '--', '/bin/sh', '-c', 'pwd').stdout).toBe(
      `${dir}\n`,
    );
  });

  it('ends with the message and the number of the error, unless the call may fail', () => {
    const failing = { name: 'chdir', args: ['/none/such'] } as const;
    const echo = ['-', '--', '/bin/sh', '-c', 'echo on'];
    expect(run([{ ...failing, failure: 'not there' }], ...echo)).toEqual({
      status: 2,
      stdout: '',
      stderr: 'not there\n',
    });
    expect(run([failing], ...echo)).toEqual({ status: 0, stdout: 'on\n', stderr: '' });
    expect(run([], '-', '--', '/none/such', 'x')).toEqual({
      status: 127,
      stdout: '',
      stderr: '/none/such: can not be run\n',
    });
  });

  it('enters nothing where there is no group, and takes the CPUs', async () => {
    const cpus = allowedCpus().slice(-1);
    const program = await enterProgram({ path: 'host', exec: hostExec } as never, dir, [], cpus);
    const group = { hostPath: '/any' } as never;
    const argv = ['/bin/sh', '-c', 'grep Cpus_allowed_list /proc/self/status; echo $MARK'];
    const command = program.command({ group, cpus, env: { MARK: 'm', PATH: '/usr/bin:/bin' }, argv });
    expect((await hostExec(command!)).stdout).toBe(`Cpus_allowed_list:\t${cpus}\nm\n`);
    // What it was not made for is left to a shell.
    expect(program.command({ group, cpus: [...cpus, 7000], env: {}, argv })).toBeUndefined();
    expect(program.command({ group, cpus, env: {}, argv: ['sh'] })).toBeUndefined();
    expect(program.command({ group: {} as never, cpus, env: {}, argv })).toBeUndefined();
    await program.dispose();
    expect((await hostExec(command!)).exitCode).toBe(127);
  });
});

it('is written for two processors, with the table where the code looks for it', () => {
  const calls: Call[] = [{ name: 'chdir', args: ['/'], failure: 'no' }];
  for (const [arch, machine, number] of [
    ['x64', 62, 80n],
    ['arm64', 183, 49n],
  ] as const) {
    const program = callProgram(arch, calls)!;
    expect(program.readUInt16LE(18)).toBe(machine);
    const code = program.indexOf('/\0');
    const table = code - 2 * 64;
    expect(table % 8).toBe(0);
    expect(program.readBigUInt64LE(table)).toBe(number);
    expect(program.readBigUInt64LE(table + 8)).toBe(0x400000n + BigInt(code));
    expect(program.readBigInt64LE(table + 64)).toBe(-1n);
  }
  expect(callProgram('riscv64', calls)).toBeUndefined();
});
