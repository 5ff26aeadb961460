/**
 * What another local user tries while root measures or cleans: in a lab, as a user without rights. The table names where each
 * of the known attacks is tried, here or in the tests of what it attacks.
 */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../cli/program.ts';
import { type Lab, makeLab } from '../faults/lab.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const STRANGER = 65534;
const LIMIT_MS = 60_000;

/** Attack, file and name of the test. */
const TRIED: readonly (readonly [string, string, string])[] = [
  [
    'a file that root deletes, named as the socket of a shim',
    'runners/hostile-leftovers',
    'deletes no file that a stranger names',
  ],
  ['a layer of a session that reaches another host', 'cli/strangers-plan', "a stranger's session with a layer ssh"],
  ['folders that turn into links during their removal', 'runners/hostile-leftovers', 'swaps folders for links'],
  ['the same, through clean', 'attacks/local-user', 'a folder that turns into a link'],
  ['clean of another user while root measures', 'attacks/local-user', 'clean of another user'],
  ['clean where /var/tmp is private', 'attacks/local-user', 'clean where /var/tmp is another'],
  ['a terminal that hangs up', 'cli/streams', 'a terminal that hangs up'],
  ['streams that are closed or full', 'cli/streams', 'a run whose output goes nowhere'],
  ['set-user-id programs in an image', 'runners/image', 'is refused for what no image has'],
  ['programs of the store that others write to', 'attacks/local-user', 'the image store'],
  ['links in a session that root renders or resumes', 'cli/links', 'is refused by %s, and nothing is written'],
  ['things that are named like those of a run', 'faults/decoys', 'decoys'],
  [
    'an owner record that is a FIFO, a device or huge',
    'runners/hostile-leftovers',
    'ends soon when an owner record is %s',
  ],
  ['the lock of npm start', 'cli/bootstrap', 'leaves a lock that another user has planted alone'],
  ['an image that never ends', 'runners/image', 'is refused when it is a named pipe'],
  [
    'libraries of an image that are pipes and devices',
    'runners/elf',
    'are not looked for in folders, pipes and devices',
  ],
  ['a kill after the last block', 'cli/resume', 'that was killed after its last block is finished'],
  ['two runs at once', 'cli/other-runs', 'the second one is refused'],
  ["the host's lock, taken by a stranger", 'attacks/local-user', "a stranger that takes the host's lock"],
  ['two resumes at once', 'bench/owner', 'belongs to one of many that come at once'],
  ['groups of a hierarchy without controllers', 'runners/cgroup', 'that has no controllers is not made for a box'],
  ['the socket of a private daemon', 'runners/docker', 'listens to nobody but its user'],
  ['files of a run that measures', 'attacks/local-user', 'the work folder'],
];

it.each(TRIED)('%s: %s has the test', (_, file, name) => {
  const found = ['cli', 'engine'].map((kind) => join(ROOT, 'test', `${file}.${kind}.test.ts`)).filter(existsSync);
  expect(found).toHaveLength(1);
  expect(readFileSync(found[0] ?? '', 'utf8')).toContain(name);
});

describe.skipIf(process.getuid?.() !== 0)('another local user (needs root)', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = makeLab();
  });
  afterAll(() => lab.remove());

  interface Tried {
    readonly code: number | null;
    /** What the script and the program printed. */
    readonly text: string;
  }

  /** A shell script in the lab; `boxmark` and `stranger` are commands in it, the second runs its argument as a script without rights. */
  function attack(script: string): Promise<Tried> {
    const commands = [
      `boxmark() { ${process.execPath} ${MAIN} "$@"; }`,
      `stranger() { env BOXMARK_CACHE=/var/tmp/theirs setpriv --reuid ${STRANGER} --regid ${STRANGER} --clear-groups bash -c "$1"; }`,
      `export -f boxmark; chmod 755 $BOXMARK_LAB $BOXMARK_LAB/tmp`,
      'until_there() { for i in $(seq 300); do compgen -G "$1" >/dev/null && return; sleep 0.1; done; echo "no $1"; }',
      `stranger 'test -r ${MAIN}' || { echo 'the stranger may not read the program'; exit 77; }`,
      'run() { boxmark run -e native,unshare --measure startup --no-guard --no-cold --blocks 1 --rounds 4 -q -o $BOXMARK_LAB/results >$BOXMARK_LAB/run.out 2>&1; }',
      'measuring() { until_there "$BOXMARK_LAB/results/*/starts.csv"; until_there "/var/tmp/boxmark-*/owner.json"; }',
      // What a run left in the lab is part of what is compared.
      'ended() { wait $1; echo "run ended with $?"; cat $BOXMARK_LAB/run.out | tail -n 5; }',
    ];
    const [file = '', ...args] = [
      ...lab.argv,
      'timeout',
      '-k',
      '5',
      '55',
      'bash',
      '-c',
      `${commands.join('\n')}\n${script}`,
    ];
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', BOXMARK_LOCK: '' },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece) => {
        text += piece;
      });
    }
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, text })));
  }

  it(
    'reaches nothing in the work folder, the image store and the session, ends no process of the run, and clean of another user does not disturb it',
    async (ctx) => {
      const { code, text } = await attack(`
      run & pid=$!
      measuring
      work=$(echo /var/tmp/boxmark-*)
      stranger "ls $work" && echo 'REACHED the work folder'
      stranger "echo x >> $work/owner.json" 2>/dev/null && echo 'WROTE to the work folder'
      stranger "for p in \\$(pgrep -f [p]ayload.cjs) $pid; do kill -9 \\$p 2>/dev/null && echo KILLED; done"
      stranger "for p in \\$(pgrep -f [p]ayload.cjs); do cat /proc/\\$p/environ 2>/dev/null && echo 'READ an environment'; done"
      stranger "find $BOXMARK_CACHE -writable ! -type l ! -perm -1000 2>/dev/null" | sed 's/^/WRITABLE /'
      find $BOXMARK_CACHE -perm /7022 ! -type l ! -perm -1000 | sed 's/^/UNSAFE /'
      stranger "touch $BOXMARK_LAB/results/*/x" 2>/dev/null && echo 'WROTE to the session'
      stranger "${process.execPath} ${MAIN} clean; echo cleaned with \\$?"
      ended $pid
    `);
      if (code === 77) return ctx.skip(text);
      expect(text).not.toMatch(/REACHED|WROTE|KILLED|READ|WRITABLE|UNSAFE/);
      expect(text).toContain('nothing was left behind\ncleaned with 0\n');
      expect(text).toContain('run ended with 0\n');
    },
    LIMIT_MS,
  );

  it(
    'does not make clean where /var/tmp is another end a run, whose groups it sees',
    async (ctx) => {
      const { code, text } = await attack(`
      run & pid=$!
      measuring
      unshare --mount bash -c 'mount -t tmpfs -o mode=1777 none /var/tmp; boxmark clean; echo "cleaned with $?"'
      ended $pid
    `);
      if (code === 77) return ctx.skip(text);
      expect(text).toContain('cleaned with 0\n');
      expect(text).toContain('run ended with 0\n');
    },
    LIMIT_MS,
  );

  it(
    'gains nothing by a folder that turns into a link while clean runs',
    async (ctx) => {
      const { code, text } = await attack(`
      mkdir -m 755 $BOXMARK_LAB/victim; touch $BOXMARK_LAB/victim/{1..50}
      record='{"pid":1,"startTicks":1,"id":"deadbeef","bootId":"gone"}'
      stranger "mkdir -m 700 /var/tmp/a; echo '$record' > /var/tmp/a/owner.json; ln -s $BOXMARK_LAB/victim /var/tmp/b
        exec timeout 20 bash -c 'while :; do mv -T /var/tmp/a /var/tmp/boxmark-deadbeef; mv -T /var/tmp/boxmark-deadbeef /var/tmp/a
          mv -T /var/tmp/b /var/tmp/boxmark-deadbeef; mv -T /var/tmp/boxmark-deadbeef /var/tmp/b; done'" 2>/dev/null &
      swapper=$!
      until_there /var/tmp/a/owner.json
      for i in 1 2 3; do boxmark clean || echo "FAILED $?"; done
      kill -9 $swapper
      ls $BOXMARK_LAB/victim | wc -l
    `);
      if (code === 77) return ctx.skip(text);
      expect(text).not.toMatch(/FAILED|removed/);
      expect(text).toMatch(/^50$/m);
    },
    LIMIT_MS,
  );

  it(
    "is named as a stranger that takes the host's lock, which a run may pass by",
    async (ctx) => {
      const { code, text } = await attack(`
      stranger "exec ${process.execPath} -e \\"require('net').createServer((c) => c.end('{}')).listen('\\\\0boxmark/measuring', () => console.log('taken'))\\"" >$BOXMARK_LAB/taken &
      until_there $BOXMARK_LAB/taken; until [ -s $BOXMARK_LAB/taken ]; do sleep 0.1; done
      run; echo "refused with $?"; cat $BOXMARK_LAB/run.out
      boxmark run -e native --allow-other-runs --measure startup --no-guard --no-cold --blocks 1 --rounds 2 -q -o $BOXMARK_LAB/results >/dev/null
      echo "allowed with $?"
    `);
      if (code === 77) return ctx.skip(text);
      expect(text).toContain('refused with 2\n');
      expect(text).toContain('Another run measures on this host');
      expect(text).toContain('--allow-other-runs');
      expect(text).toContain('allowed with 0\n');
    },
    LIMIT_MS,
  );
});
