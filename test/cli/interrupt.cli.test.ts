/** Ctrl-C before anything is measured: the same exit code for every command that prepares environments. */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findCommand } from '../../runners/kit/commands.ts';
import { eventually, sessions, start, tracesOf, workspaceOf } from './program.ts';

const out = mkdtempSync('/var/tmp/boxmark-test-out-');
afterAll(() => rmSync(out, { recursive: true, force: true }));

const EXAMPLE = 'results/example/20261126T070159Z-b39def';

describe('an interrupt while environments are prepared', () => {
  it.each([
    ['run', '-e', 'native,unshare', '-o', out],
    ['explain', 'unshare', '-o', out],
    ['explain', 'unshare', '--dry-run'],
    ['selftest', '--quick', '-o', out],
    ['score'],
    ['reproduce', EXAMPLE, '-o', out],
    ['doctor'],
  ])('ends %s with code 130, no session, and nothing left on the host', async (...args) => {
    const { child, ended } = start(args);
    const dir = await eventually(() => workspaceOf(child.pid));
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code, stderr).toBe(130);
    expect(stderr).toMatch(/interrupted/i);
    expect(stderr).not.toMatch(/received:|usage/);
    expect(sessions(out)).toEqual([]);
    expect(tracesOf(dir.replace('/var/tmp/boxmark-', ''))).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0 || findCommand('dockerd') === undefined)(
    'ends a daemon that one environment has already, while another is prepared',
    async (context) => {
      const { child, ended } = start(['run', '-e', 'native,docker,docker/docker', '-o', out]);
      const dir = await eventually(() => workspaceOf(child.pid));
      const next = new Promise<string>((resolve) => {
        child.stderr?.on('data', (text) => {
          if (String(text).includes('preparing docker/docker')) resolve('begun');
        });
        child.on('exit', () => resolve('ended'));
      });
      const isBegun = (await next) === 'begun';
      const isPrivate = existsSync(join(dir, 'docker', 's.sock'));
      child.kill('SIGINT');
      const { code, stderr } = await ended;
      if (!isBegun || !isPrivate) return context.skip('docker has no daemon of its own here');
      expect(code, stderr).toBe(130);
      expect(stderr).toMatch(/nothing is left behind\n$/);
      expect(tracesOf(dir.replace('/var/tmp/boxmark-', ''))).toEqual([]);
    },
  );
});
