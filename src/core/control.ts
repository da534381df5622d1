/** Name of the unix socket in the data folder on which a running gateway takes commands. */
export const CONTROL_SOCKET = 'control.sock';

/** Stands beside it where the data folder's path is too long for a socket, and says where the socket is. */
export const CONTROL_PATH_FILE = 'control.path';

/** Longest path (bytes) that every system takes for a unix socket. */
export const LONGEST_SOCKET_PATH = 100;
