import { spawnSync } from 'node:child_process';

/**
 * Returns a command that gives the command after it a small file system at `folder`: a tmpfs of `size` bytes in a mount namespace, which
 * goes with the command. It needs only the right to make namespaces. Throws where the host does not allow that: no other way gives a disk
 * that is really full.
 */
export function withSmallDisk(folder: string, size: number): readonly string[] {
  return withDisk(folder, `size=${size}`);
}

/** The same with an empty file system that is read-only. */
export function withReadOnlyDisk(folder: string): readonly string[] {
  return withDisk(folder, 'ro');
}

function withDisk(folder: string, options: string): readonly string[] {
  const mount = `mount -t tmpfs -o ${options} tmpfs "$0" && exec "$@"`;
  const ways = [
    ['unshare', '--mount', '--propagation', 'private'],
    ['unshare', '--user', '--map-root-user', '--mount'],
  ];
  for (const way of ways) {
    const tried = spawnSync(way[0] ?? '', [...way.slice(1), 'sh', '-c', mount, folder, 'true'], { encoding: 'utf8' });
    if (tried.status === 0) return [...way, 'sh', '-c', mount, folder];
  }
  throw new Error(
    'these tests use a small disk of their own and need the right to mount one: run them as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0); util-linux has to be installed',
  );
}
