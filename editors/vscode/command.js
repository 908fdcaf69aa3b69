// Which program is started: the one that was set, the one beside the policies, or the one of the command line.
'use strict';

const path = require('node:path');

const BESIDE = ['.venv', 'venv'];

/**
 * Return the program to start.
 *
 * set: the path from the settings, or an empty text.
 * folders: the folders that are open; none where they are not trusted.
 * exists: tells whether a file is there.
 * platform: as `process.platform` has it.
 */
function programOf(set, folders, exists, platform) {
  if (set) {
    return set;
  }
  const inside = platform === 'win32' ? ['Scripts', 'rulekit.exe'] : ['bin', 'rulekit'];
  for (const folder of folders) {
    for (const environment of BESIDE) {
      const program = path.join(folder, environment, ...inside);
      if (exists(program)) {
        return program;
      }
    }
  }
  return 'rulekit';
}

module.exports = { programOf };
