/** The static program that makes system calls and becomes another one: what it passes on, and how it fails. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedCpus } from '../../runners/host/cpus.ts';
import { type Call, callProgram, GIVEN, LAST } from '../../runners/image/call-program.ts';
import { readElf } from '../../runners/image/elf.ts';
import { hostExec, hostSpawn } from '../../runners/kit/process.ts';
import { withCause, withCauses } from '../../runners/stack/call-causes.ts';
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
      stderr: "/none/such: can't be run\n",
    });
  });

  it('has the name and the text of the error behind its message in what its box prints', async () => {
    const file = join(dir, 'failing');
    const failure = "boxmark: /none/such can't be mounted on /root";
    writeFileSync(file, callProgram(process.arch, [{ name: 'chdir', args: ['/none/such'], failure }])!, {
      mode: 0o700,
    });
    const box = withCauses({ exec: hostExec, spawn: hostSpawn });
    const argv = [file, '-', '--', '/bin/true'];
    const explained = `${failure}: ENOENT, no such file or directory`;
    expect(await box.exec(argv)).toMatchObject({ exitCode: 2, stderr: `${explained}\n` });
    const child = await box.spawn(argv);
    expect(await child.exited).toEqual({ exitCode: 2, signal: null });
    expect(child.errorTail()).toBe(explained);
    const shell = await box.exec(['sh', '-c', 'echo "boxmark: a can\'t be b" >&2; echo more >&2; exit 2']);
    expect(shell.stderr).toBe("boxmark: a can't be b\nmore\n");
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

it('has no cause where none is known', () => {
  const message = "boxmark: a can't be b";
  expect(withCause(message, 20)).toBe(`${message}: ENOTDIR, not a directory`);
  for (const code of [null, 0, 127]) expect(withCause(message, code)).toBe(message);
  expect(withCause('Error: no', 2)).toBe('Error: no');
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
