import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { seesHostGroups } from '../../runners/cgroup/group.ts';
import type { Hierarchy } from '../../runners/cgroup/tree.ts';

const mounted = (mount: string, root: string): Hierarchy => ({ mount, root, version: 1, controllers: ['cpu'] });

it('groups of the host can be removed where a whole hierarchy can be written to, and not from a container', () => {
  const folder = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
  try {
    expect(seesHostGroups([mounted(folder, '/')])).toBe(true);
    // Docker binds the part of the container, and mounts a cgroup namespace of its own read-only.
    expect(seesHostGroups([mounted(folder, '/docker/0123')])).toBe(false);
    expect(seesHostGroups([mounted(join(folder, 'nowhere'), '/')])).toBe(false);
    expect(seesHostGroups([])).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
