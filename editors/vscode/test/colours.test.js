// The grammar as an editor runs it, over the policies of the project. Run with `npm test`.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const oniguruma = require('vscode-oniguruma');
const textmate = require('vscode-textmate');

const PROJECT = path.resolve(__dirname, '..', '..', '..');
const GRAMMAR = path.resolve(__dirname, '..', 'syntaxes', 'policy.tmLanguage.json');

async function load() {
  const wasm = fs.readFileSync(require.resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (sources) => new oniguruma.OnigScanner(sources),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: async () => textmate.parseRawGrammar(fs.readFileSync(GRAMMAR, 'utf8'), GRAMMAR),
  });
  return registry.loadGrammar('source.policy');
}

const grammar = load();

async function coloured(line) {
  const { tokens } = (await grammar).tokenizeLine(line, textmate.INITIAL);
  return tokens
    .map((token) => [line.slice(token.startIndex, token.endIndex), token.scopes[token.scopes.length - 1]])
    .filter(([text, scope]) => text.trim() && scope !== 'source.policy')
    .map(([text, scope]) => `${text} ${scope.split('.').slice(0, 2).join('.')}`);
}

test('a rule', async () => {
  assert.deepStrictEqual(await coloured('"Square off 😀": book 50% at ₹5,000 profit # why "not"'), [
    '"Square off 😀" entity.name',
    ': entity.name',
    'book keyword.control',
    '50 constant.numeric',
    '% keyword.other',
    'at keyword.other',
    '₹ keyword.other',
    '5,000 constant.numeric',
    'profit support.type',
    '# why "not" comment.line',
  ]);
});

test('phrases in any case, articles inside them, and longest first', async () => {
  assert.deepStrictEqual(await coloured('EXIT when the day high IS  AT LEAST 1.5 times normal'), [
    'EXIT keyword.control',
    'when keyword.other',
    'day high support.type',
    'IS  AT LEAST keyword.other',
    '1.5 constant.numeric',
    'times normal keyword.other',
  ]);
});

test('a clock is no label, and a word inside a name is no word of the language', async () => {
  assert.deepStrictEqual(await coloured('exit at 15:15'), ['exit keyword.control', 'at keyword.other', '15:15 constant.numeric']);
  assert.deepStrictEqual(await coloured('my-exit exits'), []);
});

test('over all policies: every line is read to its end, and what is coloured is on the whole what the language says', async () => {
  const folders = ['rules', 'tests/corpus/valid', 'tests/corpus/codes'].map((each) => path.join(PROJECT, each));
  let words = 0;
  let plain = 0;
  for (const folder of folders) {
    for (const name of fs.readdirSync(folder).filter((each) => each.endsWith('.policy'))) {
      for (const line of fs.readFileSync(path.join(folder, name), 'utf8').split(/\r\n|\n/)) {
        const { tokens, stoppedEarly } = (await grammar).tokenizeLine(line, textmate.INITIAL, 1000);
        assert.ok(!stoppedEarly, `${name}: ${line}`);
        assert.ok(tokens[tokens.length - 1].endIndex >= line.length);
        for (const token of tokens) {
          const text = line.slice(token.startIndex, token.endIndex);
          const count = (text.match(/[\p{L}]+/gu) || []).length;
          words += count;
          plain += token.scopes.length === 1 ? count : 0;
        }
      }
    }
  }
  assert.ok(words > 1000, `${words} words`);
  assert.ok(plain / words < 0.1, `${plain} of ${words} words have no colour`);
});
