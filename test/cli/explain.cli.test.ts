import { mkdtempSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boxmark, sessions } from './program.ts';

const LIMIT_MS = 240_000;

let out: string;
beforeEach(() => {
  out = mkdtempSync('/var/tmp/boxmark-test-out-');
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

describe('boxmark explain', () => {
  it('finds a known part, and its parts and rest add up to the whole', { timeout: LIMIT_MS }, async () => {
    const tiny = ['--size', 'tiny', '--burst', '2ms', '--rounds', '6', '--blocks', '2', '-w', 'fft'];
    const ended = await boxmark('explain', 'native/slow:50%', ...tiny, '-o', out, '-q', '--json');
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const { results, changed } = JSON.parse(ended.stdout);
    expect(results).toHaveLength(1);
    const [{ whole, parts, rest }] = results;
    expect(parts).toMatchObject([{ env: 'native/slow:50%', against: 'native', part: 'the layer slow:50%' }]);
    const sum = Math.log(parts[0].estimate.ratio) + Math.log(rest.ratio);
    expect(sum).toBeCloseTo(Math.log(whole.ratio), 9);
    // A loaded host blurs it, but half as much work again does not vanish.
    expect(whole.ratio).toBeGreaterThan(1.2);
    expect(changed['native/slow:50%']).toEqual([]);
    const [dir = ''] = sessions(out);
    expect((await boxmark('check', dir)).code).toBe(0);
  });

  it('prints the steps in a dry run, and measures nothing', { timeout: LIMIT_MS }, async () => {
    const ended = await boxmark('explain', 'native/slow:5%', '--dry-run', '-q', '-o', out);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toMatch(/baseline +native\nstep +native\/slow:5%: the layer slow:5%/);
    expect(sessions(out)).toEqual([]);
  });

  it.each([
    ['container', 'an environment, not an alias'],
    ['native', 'is the baseline itself'],
    ['doker', 'did you mean "docker"'],
  ])('refuses %s with exit code 2', async (env, message) => {
    const ended = await boxmark('explain', env, '-o', out);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });
});
