/** Hosts whose libraries and folders are not those of a plain Debian, each as a mount namespace of its own. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, sessions, start } from './program.ts';

let out: string;
beforeEach(() => {
  out = mkdtempSync(join(tmpdir(), 'boxmark-odd-'));
});
afterEach(() => rmSync(out, { recursive: true, force: true }));

/** What a mount namespace that can't be made, or has not what the host is to be changed by, ends with. */
const NOT_HERE = 97;
/** `change` gets the folder of the C library as $L; /etc and $L may be written. */
const onHost = (change: string) => [
  'unshare',
  '--mount',
  'sh',
  '-ec',
  `L=$(dirname "$(readlink -f "$(ldd ${process.execPath} | sed -n 's/.*=> \\(.*libm\\.so\\.6\\) .*/\\1/p')")")
   { t=${out}/layer; mkdir $t; mount -t tmpfs tmpfs $t
     for d in "$L" /etc; do
       u=$t/$(basename $d); mkdir $u $u.work; mount -t overlay overlay -o lowerdir=$d,upperdir=$u,workdir=$u.work $d
     done; ${change}; } >&2 || exit ${NOT_HERE}
   export BOXMARK_CACHE=$t/cache; exec "$@"`,
  'sh',
];

const RUN = ['run', '-e', 'native,unshare', '-w', 'fft', '--size', 'tiny', '--burst', '1ms', '--rounds', '4'];

interface Measured {
  readonly facts: Readonly<Record<string, unknown>>;
  readonly inequalities?: readonly unknown[];
}

async function measuredOn(change: string): Promise<{ ended: Ended; environments: Measured[] }> {
  const ended = await start([...RUN, '--blocks', '1', '-q', '-o', join(out, 'results')], onHost(change)).ended;
  const [dir = ''] = sessions(join(out, 'results'));
  const info = ended.code === 0 ? JSON.parse(readFileSync(join(dir, 'session.json'), 'utf8')) : { environments: [] };
  return { ended, environments: info.environments };
}

describe.skipIf(process.getuid?.() !== 0)('native', () => {
  it('runs the libraries of the image where the loader prefers variants for the processor', async (ctx) => {
    const { ended, environments } = await measuredOn(
      `ld.so --help | grep -q "x86-64-v2 (supported" && v=$L/glibc-hwcaps/x86-64-v2 && mkdir -p $v &&
       cp "$L/libm.so.6" $v && printf x >>$v/libm.so.6 && ldconfig && ldd ${process.execPath} | grep hwcaps`,
    );
    if (ended.code === NOT_HERE) return ctx.skip(ended.stderr);
    expect([ended.code, ended.stderr.match(/not the image's/)]).toEqual([0, null]);
    expect(environments.map(({ facts }) => facts.image_matches)).toEqual([true, true]);
  });

  it('is measured with an agent that the host preloads, which is an inequality and no other file', async (ctx) => {
    const { ended, environments } = await measuredOn(
      `cp "$L/libdl.so.2" $t/libagent.so && echo "$t/libagent.so /no/such.so" >/etc/ld.so.preload`,
    );
    if (ended.code === NOT_HERE) return ctx.skip(ended.stderr);
    expect(ended.code).toBe(0);
    expect(environments.map(({ facts }) => facts.preloaded)).toEqual(['libagent.so', 'none']);
    expect(environments[1]?.inequalities).toContainEqual(
      expect.objectContaining({ label: 'preloaded libraries none against libagent.so', avoidable: false }),
    );
  });
});
