"""The lint rules, a module each; `rulekit.lint.catalogue` lists them.

A module is named after its code's name (`no-time-exit` is `no_time_exit`) and declares itself by three names:

- `CODE`: a `Code`, its number, name, severity and one line about it. Numbers 1xx belong to rules that read, 2xx to
  rules that prove.
- `NEEDS`: what the search looks at. `TEXT`: words and comments. `TREE`: the checked tree. `PROOF`: the tree, at a cost;
  left out by `--no-proofs` and while somebody types. `FILES`: all policies of a run together.
- `find(subject)`: yields a `Finding` for each place; `find(subjects)` yields `(index, Finding)` where NEEDS is `FILES`.
  A rule that proves fills in the finding's `status` and `witness`.

A rule that proves may name codes in `SAID_BY`: what one of them says on the same line is not said again.
A matter of taste also says `ON_REQUEST = True`: it is only looked for where it is selected.
With each go a page `docs/lints/CODE-name.md` and two cases `tests/corpus/codes/CODE-{bad,good}.policy`; the tests ask
for them. What is heavy (a solver) is imported inside `find`.
"""
