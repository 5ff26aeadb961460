import { describe, expect, it } from 'vitest';
import { judge } from '../../fleet/ssh/look.ts';

const ROOM = '/dev/sda 9 5 2000000 5% /var/tmp';
const answers = (change: Readonly<Record<string, string>> = {}, more = ''): string =>
  Object.entries({ system: 'Linux', machine: 'x86_64', disk: ROOM, ...change })
    .map(([name, value]) => `boxmark-host ${name} ${value}\n`)
    .join('') + more;

describe('a host that was looked at', () => {
  it('can be measured, whatever its login shell prints', () => {
    expect(judge(`Welcome!\n\n${answers()}boxmark-host end\n`, 'x64')).toEqual({ architecture: 'x64', refused: null });
  });

  it.each([
    [{ system: 'Darwin' }, '', /runs Darwin, not Linux/],
    [{ machine: 'aarch64' }, '', /another type of machine: aarch64, and the kit is for x64/],
    [{ machine: 'riscv64' }, '', /riscv64/],
    [{ disk: '//nas/my share 900 899 1000 99% /var/tmp' }, '', /0 MiB free/],
    [{}, 'boxmark-host missing tar\nboxmark-host missing setsid\n', /has no tar, setsid/],
  ])('%j %s is refused', (change, more, words) => {
    expect(judge(answers(change, more), 'x64').refused).toMatch(words);
  });

  it('says what it is even so', () => {
    expect(judge(answers({ machine: 'aarch64' }), 'x64').architecture).toBe('arm64');
  });
});
