/** Programs that a shell text calls. */

import { expect, it } from 'vitest';
import { programNames } from '../../runners/image/shell-words.ts';

it.each([
  ['sort data.txt | uniq -c', ['sort', 'uniq']],
  ['A=1 B=2 sed s/a/b/ x && rm y || mv z w', ['sed', 'rm', 'mv']],
  ['i=0; while [ $i -lt 9 ]; do i=$((i+1)); done; echo $i', ['while', '[', 'do', 'done', 'echo']],
  ['if grep -q x f; then awk 1 f; else cat f; fi', ['if', 'grep', 'then', 'awk', 'else', 'cat', 'fi']],
  ['echo "$(date +%N)" `uname`', ['echo', 'date', 'uname']],
  ['find . | xargs -n1 wc\nls', ['find', 'xargs', 'ls']],
  ['./own.sh; /usr/bin/true', []],
  ['', []],
])('of %j are %j', (text, names) => expect(programNames(text)).toEqual(expect.arrayContaining(names)));

it('are no arguments', () => {
  expect(programNames('echo sort uniq --date')).toEqual(['echo']);
  expect(programNames('cp do-it if-not')).toEqual(['cp']);
});
