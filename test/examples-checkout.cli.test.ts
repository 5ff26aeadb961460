/** The GitLab template's checkout of the base: from a clone of the last commits, and again on a runner that was used before. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';

const TEMPLATE = fileURLToPath(new URL('../examples/gitlab/.gitlab-ci.yml', import.meta.url));
const DEPTH = 20;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'boxmark-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', args, { cwd, encoding: 'utf8', stdio: 'pipe' }).trim();

it('finds a base that is older than the clone, in a first job and in a second one', () => {
  const origin = join(dir, 'origin');
  git(dir, 'init', '-q', origin);
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
  for (let commit = 0; commit <= DEPTH; commit++) {
    writeFileSync(join(origin, 'file'), String(commit));
    git(origin, 'add', 'file');
    git(origin, ...author, 'commit', '-qm', `Commit ${commit}`);
  }
  const base = git(origin, 'rev-list', '--max-parents=0', 'HEAD');
  const clone = join(dir, 'clone');
  git(dir, 'clone', '-q', '--depth', String(DEPTH), `file://${origin}`, clone);
  expect(git(clone, 'rev-list', 'HEAD').split('\n')).not.toContain(base);
  const script: string[] = parse(readFileSync(TEMPLATE, 'utf8')).boxmark.script;
  const checkout = script
    .slice(
      0,
      script.findIndex((line) => line.includes('npm ci')),
    )
    .join('\n');
  const env = { ...process.env, CI_MERGE_REQUEST_DIFF_BASE_SHA: base };
  for (const _ of ['first', 'second']) {
    execFileSync('sh', ['-ec', checkout], { cwd: clone, env, stdio: 'pipe' });
    expect(readFileSync(join(dir, 'base', 'file'), 'utf8')).toBe('0');
  }
});
