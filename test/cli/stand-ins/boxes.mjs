/**
 * Boxes for tests of commands that are not about boxes: `native` and `unshare` are payloads in the program's own process.
 * Bundled with the program for the tests alone (`rehearsal.mjs`): the program has no switch for it, so that nobody can
 * measure with it by mistake.
 */

import { RUNNERS } from '../../../runners/index.ts';
import { RehearsedPayload } from './payload.ts';

for (const [index, { name, kind, summary, needs, posture }] of RUNNERS.entries()) {
  if (name !== 'native' && name !== 'unshare') continue;
  const prepared = { labels: [], version: 'stand-in', slowness: 1, dispose: async () => {} };
  RUNNERS[index] = {
    ...{ name, kind, summary, needs, posture, holds: false, guestKernel: false },
    probe: async () => ({ available: true, version: 'stand-in', labels: [] }),
    prepare: async (_, image) => ({ ...prepared, image }),
    open: async (parent, { image }) => ({
      ...parent,
      path: name,
      spawn: async (argv) => new RehearsedPayload(argv, { image }),
      close: async () => {},
    }),
  };
}
