/** Users' commands in an image: each runs natively below the image's root, and in it. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IMAGE_MARK, LAUNCHER_PATH, workPath } from '../../bench/payload/image-files.ts';
import type { Image } from '../../bench/types.ts';
import { type ProgramImage, programImage, type WantedCommand } from '../../runners/image/programs.ts';
import { findCommand } from '../../runners/kit/commands.ts';
import { type Lab, openLab } from '../lab.ts';

let lab: Lab;
let base: Image;
const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'boxmark-programs-')));
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  lab = await openLab({ ownStore: true });
  base = lab.image;
});

afterAll(async () => {
  rmSync(cwd, { recursive: true, force: true });
  await lab.dispose();
});

const imageOf = (command: Omit<WantedCommand, 'id'>, more: readonly string[] = []): Promise<ProgramImage> =>
  programImage(base, { commands: [{ id: 'it', ...command }], with: more, cwd });

/** What the command prints natively and inside of the root, which must be the same to the byte. */
function outputOf({ image, commands }: ProgramImage): string {
  const { id, argv } = commands[0]!;
  const below = (root: string) =>
    argv.map((word) => (word.startsWith(IMAGE_MARK) ? `${root}/${word.slice(IMAGE_MARK.length)}` : word));
  const [file = '', ...args] = below(image.root);
  const env = { PATH: '/usr/bin:/bin', HOME: '/' };
  const run = spawnSync(file, args, { cwd: join(image.root, workPath(id)), env, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
  if (!isRoot) return run.stdout;
  const words = ['-c', 'cd "$1" && shift && exec "$@"', 'sh', `/${workPath(id)}`, ...below('')];
  const inside = spawnSync(findCommand('chroot') ?? 'chroot', [image.root, `/${LAUNCHER_PATH}`, ...words], {
    env,
    encoding: 'utf8',
  });
  expect([inside.stderr, inside.status, inside.stdout]).toEqual(['', 0, run.stdout]);
  return run.stdout;
}

describe('a command of a user', () => {
  it('runs as a program of the system with its libraries, at its own path', async (ctx) => {
    if (findCommand('openssl') === undefined) return ctx.skip('openssl is not installed');
    const made = await imageOf({
      command: ['openssl', 'dgst', '-sha256', 'note.txt'],
      files: [written('note.txt', 'a')],
    });
    expect(made.commands[0]?.argv[0]).toBe(`${IMAGE_MARK}usr/bin/openssl`);
    expect(outputOf(made)).toContain('ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb');
  });
});

function written(name: string, text: string, mode = 0o644): string {
  writeFileSync(join(cwd, name), text, { mode });
  return name;
}
