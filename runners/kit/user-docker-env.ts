/** What of the user's environment decides which daemon the docker command talks to. */

export function userDockerEnv(): Record<string, string> {
  const names = ['HOME', 'XDG_RUNTIME_DIR', ...Object.keys(process.env).filter((name) => name.startsWith('DOCKER_'))];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
