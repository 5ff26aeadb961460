/** Runs a package installation so that no service starts from it and none is left set to start at boot. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { ExecResult } from '../../bench/types.ts';
import { hostExec } from '../kit/process.ts';

/** Debian's hook: its exit code says whether a package may start a service (101: no). deb-systemd-invoke and invoke-rc.d ask it. */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const OWNER_MARK = '# Made by boxmark setup, process ';

/**
 * A shell does it, not this program: it ignores signals and runs in a separate session, so a Ctrl-C or a killed
 * Boxmark neither leaves packages half configured nor lets services start in what is left of the installation.
 * The hook allows everything once that shell is gone, so that even a lost one does no harm.
 */
const HOLD_SERVICES = `
trap '' HUP INT TERM
policy=$1; shift
owner() { sed -n 's/^${OWNER_MARK}//p' "$policy" 2>/dev/null; }
present() { [ -e "$policy" ] || [ -L "$policy" ]; }
while present; do
  pid=$(owner)
  [ -n "$pid" ] || break
  if [ -d "/proc/$pid" ]; then sleep 1; else rm -f "$policy"; fi
done
made=no
if ! present; then
  cat > "$policy.$$" <<END
#!/bin/sh
${OWNER_MARK}$$
[ -d /proc/$$ ] && exit 101
exit 0
END
  chmod 755 "$policy.$$"
  ln "$policy.$$" "$policy" && made=yes
  rm -f "$policy.$$"
fi
"$@"
code=$?
[ $made = yes ] && rm -f "$policy"
exit $code
`;

/** Runs a command to its end while packages may not start services. A hook that is there already is left as it is. */
export async function withoutServices(
  argv: readonly string[],
  options: { timeoutMs: number; env: Readonly<Record<string, string>>; policyFile?: string },
): Promise<ExecResult> {
  const { policyFile = POLICY_FILE, timeoutMs, env } = options;
  return hostExec(['sh', '-c', HOLD_SERVICES, 'sh', policyFile, ...argv], { timeoutMs, env });
}

/** The hook, when a set-up left it behind that has ended; empty otherwise. */
export function abandonedPolicy(policyFile = POLICY_FILE): string[] {
  try {
    const owner = new RegExp(`^${OWNER_MARK}(\\d+)$`, 'm').exec(readFileSync(policyFile, 'utf8'))?.[1];
    return owner === undefined || existsSync(`/proc/${owner}`) ? [] : [policyFile];
  } catch {
    return [];
  }
}

const UNIT_FOLDERS = ['/usr/lib/systemd/system', '/lib/systemd/system'];

/** Names of the services that are installed: systemd units and init scripts. */
export function installedServices(): ReadonlySet<string> {
  const units = UNIT_FOLDERS.flatMap(namesIn).filter((name) => /^[^@]+\.(service|socket|timer|path)$/.test(name));
  return new Set([...units, ...namesIn('/etc/init.d')]);
}

/**
 * Stops services that came since `before` and keeps them from starting at boot: they run when Boxmark needs them, as private
 * processes. Services that were there before are not looked at. Returns the names of those that it took care of.
 */
export async function disableNewServices(before: ReadonlySet<string>): Promise<string[]> {
  const added = [...installedServices()].filter((name) => !before.has(name));
  const units = added.filter((name) => name.includes('.'));
  const scripts = added.filter((name) => !name.includes('.') && !units.includes(`${name}.service`));
  const running = existsSync('/run/systemd/system');
  if (units.length > 0) await hostExec(['systemctl', 'disable', ...(running ? ['--now'] : []), ...units]);
  for (const script of scripts) await hostExec(['update-rc.d', script, 'disable']);
  return [...units, ...scripts];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
