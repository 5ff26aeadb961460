/** User-mode Linux, booted. */

import { describe, expect, it } from 'vitest';
import { uml } from '../../runners/engines/uml/runner.ts';
import { guestContract } from './guest-contract.ts';
import { openLab } from './guest-fixture.ts';

guestContract({ runner: uml, clock: 'timer', writeRoot: 'EROFS' });

describe('the console of User-mode Linux', { timeout: 60_000 }, () => {
  it('refuses a request that would stop it for good', async (context) => {
    const lab = await openLab();
    try {
      const { hostBox } = await import('../../runners/kit/process.ts');
      const probe = await uml.probe(hostBox(lab.workspace), lab.workspace);
      if (!probe.available) return context.skip(probe.reason);
      const prepared = await uml.prepare(hostBox(lab.workspace), await lab.image(), lab.workspace);
      const guest = await lab.start(uml, prepared, 'b1-limit-1');
      expect(() => guest.process.write('y'.repeat(4096))).toThrow(/3900 bytes/);
      expect((await guest.ask({ echo: 'y'.repeat(3800) })).echo).toHaveLength(3800);
      expect((await guest.ask({ echo: 'alive' })).echo).toBe('alive');
    } finally {
      await lab.dispose();
    }
  });
});
