import { expect, it } from 'vitest';
import { RUNNERS } from '../../runners/index.ts';
import { expectPart, table } from './generated.ts';

it('the documentation says what the disk is in each environment', async () => {
  const boxes = RUNNERS.filter(({ transparent }) => !transparent);
  const rows = boxes.map(({ name, storage }) => [`\`${name}\``, storage ?? 'none: these workloads are refused']);
  await expectPart('docs/system-workloads.md', 'storage', table(['layer', 'the payload writes to'], rows));
});

it('a layer that makes no box has the storage of the one below', () => {
  for (const { transparent, storage } of RUNNERS) if (transparent) expect(storage).toBeUndefined();
});
