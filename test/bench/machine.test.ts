/** What makes two sessions those of one machine. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flagRemark, machineOf } from '../../bench/box/machine.ts';

const HARDWARE = {
  cpuModel: 'Example',
  cpuStepping: '1',
  memoryGib: 8,
  cpuFlags: ['fpu', 'sse2'],
  cpuFlagsSha256: 'a',
};
const FLAGS = ['avx', 'avx2', 'avx512f', 'rdseed', 'rdrand', 'xsaves', 'rtm', 'hle', 'pku'];
const machine = (changes: object, fingerprint = 'f') =>
  machineOf({ fingerprint, hardware: { ...HARDWARE, ...changes } });

describe('a machine', () => {
  it('is the same whichever flags an update switches, and whatever fingerprint an earlier version recorded', () => {
    void fc.assert(
      fc.property(fc.subarray(FLAGS), fc.subarray(FLAGS), (before, after) => {
        const flags = (own: string[]) => ({ cpuFlags: ['fpu', ...own, 'sse2'], cpuFlagsSha256: own.join() });
        expect(machine(flags(after), 'e')).toBe(machine(flags(before)));
      }),
    );
  });

  it('is another one with any other difference', () => {
    const others = [
      { cpuStepping: '2' },
      { memoryGib: 16 },
      { cpuFlags: ['fpu'] },
      { coreKind: 'efficiency' },
      { cpuModel: null },
    ];
    expect(new Set([{}, ...others].map((changes) => machine(changes))).size).toBe(others.length + 1);
    // In another order, and after others.
    const again = [...others, {}].map((changes) => machine(changes));
    expect(new Set([...again, ...[{}, ...others].map((changes) => machine(changes))]).size).toBe(others.length + 1);
  });

  it('is known by its fingerprint where a session has no flags', () => {
    expect(machineOf({ fingerprint: 'f', hardware: {} })).toBe('f');
    expect(machine({ cpuFlags: 'sse2' })).toBe('f');
  });

  it('has a remark for flags that changed, and a louder one for vector flags', () => {
    expect(flagRemark(HARDWARE, { ...HARDWARE })).toBeNull();
    expect(flagRemark(HARDWARE, {})).toBeNull();
    const of = (...flags: string[]) => ({ cpuFlags: flags });
    expect(flagRemark(of('fpu', 'rdseed'), of('fpu'))).toBe(
      'The same processor, without rdseed: a kernel, microcode or firmware setting changed.',
    );
    expect(flagRemark(of('fpu', 'avx2'), of('fpu', 'rtm'))).toBe(
      'The same processor, without avx2 and with rtm: numeric code may use other vector instructions.',
    );
  });
});
