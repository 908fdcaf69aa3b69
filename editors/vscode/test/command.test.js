// Run with `npm test`.
'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { test } = require('node:test');
const { programOf } = require('../command');

const nothing = () => false;
const everything = () => true;

test('what was set is started', () => {
  assert.strictEqual(programOf('/opt/rulekit', ['/work'], everything, 'linux'), '/opt/rulekit');
});

test('else the environment beside the policies, .venv first', () => {
  const program = path.join('/work', '.venv', 'bin', 'rulekit');
  assert.strictEqual(programOf('', ['/work'], everything, 'linux'), program);
  const other = path.join('/second', 'venv', 'bin', 'rulekit');
  assert.strictEqual(programOf('', ['/first', '/second'], (each) => each === other, 'darwin'), other);
});

test('on Windows it lies in Scripts', () => {
  assert.strictEqual(programOf('', ['w'], everything, 'win32'), path.join('w', '.venv', 'Scripts', 'rulekit.exe'));
});

test('else what the command line finds', () => {
  assert.strictEqual(programOf('', ['/work'], nothing, 'linux'), 'rulekit');
});
