import { defineConfig } from 'vitest/config';

/** What a test starts decides where it belongs, and the end of its file's name says it; test/projects.test.ts checks. */
const CLI = 'test/**/*.cli.test.ts';
const ENGINES = 'test/**/*.engine.test.ts';
const KERNELS = 'test/scimark/**/*.test.ts';

export default defineConfig({
  test: {
    // Real engines are started: boots and image loads take their time on a small machine.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/fuzz/seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [CLI, ENGINES, KERNELS],
          pool: 'threads',
          // Modules are loaded once for all files, so no test may rely on a module's first state.
          isolate: false,
          setupFiles: ['test/no-processes.ts'],
        },
      },
      {
        extends: true,
        // The kernels' heap is allocated once in the life of a thread.
        test: { name: 'kernels', include: [KERNELS], pool: 'threads', setupFiles: ['test/no-processes.ts'] },
      },
      { extends: true, test: { name: 'cli', include: [CLI], pool: 'forks', setupFiles: ['test/own-lock.ts'] } },
      { extends: true, test: { name: 'engines', include: [ENGINES], pool: 'forks', setupFiles: ['test/own-lock.ts'] } },
    ],
  },
});
