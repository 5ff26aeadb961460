import { expect, test } from 'vitest';
import { startName } from '../../bench/run/resident.ts';

test('a start is called by its block and its box, in letters that files, containers and groups can have', () => {
  expect(startName(3, 'docker/docker')).toBe('b3-docker-docker');
  expect(startName(3, 'native@control')).toBe('b3-native-control');
});

test('boxes that differ far behind in their names are still called differently, at any length', () => {
  const path = 'docker:memory=none:network=host:seccomp=unconfined:storage=vfs';
  for (const most of [48, 50, 60]) {
    const names = [`${path}:cpus=1`, `${path}:cpus=2`].map((box) => startName(12, box, most));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(name).toMatch(/^b12-docker-memory[a-z0-9-]+$/);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(most);
  }
});
