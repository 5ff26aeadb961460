/** User-mode Linux, booted. */

import { describe, expect, it } from 'vitest';
import { uml } from '../../runners/engines/uml/runner.ts';
import { openLab } from '../lab.ts';
import { guestContract } from './guest-contract.ts';

guestContract({ runner: uml, clock: 'timer', writeRoot: 'EROFS' });

describe('the console of User-mode Linux', { timeout: 60_000 }, () => {
  it('refuses a request that would stop it for good', async (context) => {
    const lab = await openLab();
    try {
      const probe = await uml.probe(lab.host, lab.workspace);
      if (!probe.available) return context.skip(probe.reason);
      const prepared = await uml.prepare(lab.host, lab.image, lab.workspace);
      const guest = await lab.start(uml, prepared, 'b1-limit-1');
      expect(() => guest.process.write('y'.repeat(4096))).toThrow(/3900 bytes/);
      expect(await guest.ask('y'.repeat(3800))).toBe(`echo ${'y'.repeat(3800)}`);
      expect(await guest.ask('alive')).toBe('echo alive');
      await guest.box.close();
    } finally {
      await lab.dispose();
    }
  });
});
