/** Commands by an entrance do what they do when each enters by itself; here the box is this host. */

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { BoxProcess } from '../../bench/types.ts';
import { byEntrance } from '../../runners/kit/entrance.ts';
import { hostExec, hostSpawn } from '../../runners/kit/process.ts';

function box() {
  const anew = { exec: vi.fn(hostExec), spawn: vi.fn(hostSpawn) };
  return { anew, ...byEntrance(anew) };
}

const lineOf = (child: BoxProcess) => new Promise<string>((resolve) => child.onLine(resolve));

describe('an entrance', () => {
  it('gives output, errors and exit code as they are, for one command after the other', async () => {
    const own = box();
    const scripts = [
      'printf a',
      'echo a',
      'printf "a\\n\\nb\\n\\n"',
      'echo no >&2; exit 3',
      'cat; echo out; echo err >&2',
      ':',
    ];
    for (const script of scripts) {
      const argv = ['sh', '-c', script];
      const [one, other] = [await own.exec(argv), await hostExec(argv)];
      expect({ ...one, stderr: one.stderr.trim() }, script).toEqual({ ...other, stderr: other.stderr.trim() });
    }
    expect((await own.exec(['no-such-program'])).exitCode).toBe(127);
    expect(own.anew.exec).not.toHaveBeenCalled();
    expect(own.anew.spawn).toHaveBeenCalledTimes(1);
    own.close();
  });

  it('takes any word and variable', async () => {
    const own = box();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.string(), async (words, value) => {
        const clean = (text: string) => text.replaceAll('\0', '').replaceAll('\r', '');
        const argv = words.map(clean);
        const env = { VALUE: clean(value) };
        const { stdout } = await own.exec(['sh', '-c', 'printf "<%s>" "$VALUE" "$@"', 'sh', ...argv], { env });
        expect(stdout).toBe([env.VALUE, ...argv].map((word) => `<${word}>`).join(''));
      }),
      { numRuns: 50 },
    );
    own.close();
  });

  it('becomes a command, which has the input and the variables and nothing of the shell', async () => {
    const own = box();
    await own.exec(['true']);
    const env = { VALUE: "a\n'b'" };
    const child = await own.spawn(
      ['sh', '-c', 'read -r line; echo "$line $VALUE" | tr "\\n" " "; echo; env >&2; exit 7'],
      { env },
    );
    const answer = lineOf(child);
    child.write('input');
    expect(await answer).toBe("input a 'b' ");
    expect((await child.exited).exitCode).toBe(7);
    expect(child.errorTail()).not.toMatch(/OLDPWD|^n=|^err=|^line=/m);
    expect(own.anew.spawn).toHaveBeenCalledTimes(1);
  });

  it('is made again for a command that finds none, and left alone by one with input or beside another', async () => {
    const own = box();
    const first = await own.spawn(['cat']);
    expect((await own.exec(['echo', 'again'])).stdout).toBe('again\n');
    expect(own.anew.spawn).toHaveBeenCalledTimes(2);
    expect((await own.exec(['cat'], { input: 'text' })).stdout).toBe('text');
    const [slow, quick] = await Promise.all([
      own.exec(['sh', '-c', 'sleep 0.2; echo slow']),
      own.exec(['echo', 'quick']),
    ]);
    expect([slow.stdout, quick.stdout]).toEqual(['slow\n', 'quick\n']);
    expect(own.anew.exec).toHaveBeenCalledTimes(2);
    first.kill();
    own.close();
  });

  it('ends with a command that takes too long, and says so', async () => {
    const own = box();
    expect(await own.exec(['sleep', '60'], { timeoutMs: 100 })).toMatchObject({ exitCode: null, timedOut: true });
    expect((await own.exec(['echo', 'on'])).stdout).toBe('on\n');
    own.close();
  });

  it('answers when the box ends in the middle of a command, or can not be entered', async () => {
    const own = box();
    const asked = own.exec(['sleep', '60']);
    const shell = await own.anew.spawn.mock.results[0]?.value;
    setTimeout(() => shell.kill(), 100);
    expect(await asked).toMatchObject({ exitCode: null, timedOut: false });
    const shut = byEntrance({ exec: hostExec, spawn: () => Promise.reject(new Error('shut')) });
    await expect(shut.exec(['true'])).rejects.toThrow('shut');
    shut.close();
  });
});
