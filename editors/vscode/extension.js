// Starts `rulekit lsp` and lets it answer for policies.
'use strict';

const fs = require('node:fs');
const vscode = require('vscode');
const { LanguageClient, TransportKind } = require('vscode-languageclient/node');
const { programOf } = require('./command');

let client;
let settings;

function build() {
  const trusted = vscode.workspace.isTrusted;
  const folders = trusted ? (vscode.workspace.workspaceFolders || []).map((each) => each.uri.fsPath) : [];
  const set = trusted ? vscode.workspace.getConfiguration('rulekit').get('path', '') : '';
  const command = programOf(set, folders, fs.existsSync, process.platform);
  const server = { command, args: ['lsp'], transport: TransportKind.stdio };
  const options = {
    documentSelector: [{ language: 'policy' }],
    diagnosticCollectionName: 'rulekit',
    synchronize: { fileEvents: settings },
  };
  return { command, client: new LanguageClient('rulekit', 'Rulekit', server, options) };
}

async function start() {
  const built = build();
  client = built.client;
  try {
    await client.start();
  } catch (error) {
    const choice = await vscode.window.showErrorMessage(
      `\`${built.command}\` could not be started, so policies are coloured but not checked: ${error.message}. ` +
        'Install Rulekit with its extra `editor`, or say in the settings where it is.',
      'Open the settings',
    );
    if (choice) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'rulekit.path');
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running && running.needsStop()) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  settings = vscode.workspace.createFileSystemWatcher('**/{rulekit,pyproject}.toml');
  context.subscriptions.push(
    settings,
    vscode.commands.registerCommand('rulekit.restart', restart),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('rulekit.path')) {
        restart();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
