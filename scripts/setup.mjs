// Makes a fresh host ready for `npm run demo`, `npm test` and `npm start`: packages from the lock file, the Node 24 runtime
// among them, and the servers named on the command line from the distribution. It runs on the Node of the host (20 or newer),
// before anything is installed, so it is plain JavaScript without imports from packages. A second run installs nothing and needs
// no network.
//
//   node scripts/setup.mjs [redis-server] [mosquitto] [openssl] [python3-pymodbus]

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * For each program: whether the host has it, found out without the package manager, and the packages of the distribution that contain it.
 */
const SERVERS = {
  'redis-server': { isThere: () => runs('redis-server', ['--version']), packages: ['redis-server'] },
  mosquitto: { isThere: () => onPath('mosquitto') || existsSync('/usr/sbin/mosquitto'), packages: ['mosquitto'] },
  openssl: { isThere: () => runs('openssl', ['version']), packages: ['openssl'] },
  // Its server imports two packages that Debian only recommends.
  'python3-pymodbus': {
    isThere: () => runs('/usr/bin/python3', ['-c', 'import pymodbus.server.async_io']),
    packages: ['python3-pymodbus', 'python3-serial', 'python3-serial-asyncio'],
  },
};

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function onPath(command) {
  return (process.env.PATH ?? '').split(':').some(folder => existsSync(join(folder, command)));
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function stop(text) {
  say(text);
  process.exit(1);
}

/** Runs a command without output. When it fails, its output is shown. */
function must(command, args, onFailure, env = {}) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
  stop(onFailure);
}

function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const mark = join(root, 'node_modules', '.installed-from');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  say('installing the npm packages of the lock file, Node 24 among them (npm ci)');
  must(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    'npm ci failed; see its output above. Is the npm registry reachable?',
  );
  writeFileSync(mark, lock);
}

function checkRuntime() {
  const version = spawnSync(join(root, 'node_modules', '.bin', 'node'), ['--version'], {
    encoding: 'utf8',
  }).stdout?.trim();
  if (!version?.startsWith('v24.')) {
    stop(
      `the Node 24 runtime is missing in node_modules (found: ${version || 'none'}); delete the folder node_modules and start again`,
    );
  }
}

function installServers(wanted) {
  const missing = wanted.filter(name => !SERVERS[name].isThere());
  if (missing.length === 0) return;
  const packages = missing.flatMap(name => SERVERS[name].packages);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (!onPath('apt-get'))
    stop(
      `${missing.join(', ')} were not found, and this is not a Debian or Ubuntu host: install them with its own package manager`,
    );
  const asRoot = process.getuid?.() === 0;
  if (!asRoot && !runs('sudo', ['-n', 'true'])) {
    stop(
      `${missing.join(', ')} were not found. An administrator has to run:\n\n    sudo apt-get update && sudo ${command}\n`,
    );
  }
  say(`installing ${missing.join(', ')} from the distribution's packages (apt-get)`);
  const [program, ...rest] = asRoot ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  must(program, [...rest, 'update'], 'apt-get update failed; see its output above', env);
  must(
    program,
    [...rest, ...command.split(' ').slice(1)],
    `the installation failed; see the output above. By hand: ${command}`,
    env,
  );
  const still = missing.filter(name => !SERVERS[name].isThere());
  if (still.length > 0) stop(`${still.join(', ')} still not found after the installation`);
}

const wanted = process.argv.slice(2);
for (const name of wanted)
  if (!(name in SERVERS)) stop(`unknown server ${name}; known: ${Object.keys(SERVERS).join(', ')}`);
installPackages();
checkRuntime();
installServers(wanted);
