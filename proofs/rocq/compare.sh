#!/bin/sh
# compare.sh THEOREM... : what Coq prints of the statements, their definitions and the facts
# must be STATEMENTS.txt, word for word. A statement that was weakened, or a definition that
# was, does not pass.
set -eu
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
./statements.sh "$@" > "$work/printed"
if diff -u STATEMENTS.txt "$work/printed"; then
  echo "statements: STATEMENTS.txt is what Coq prints, $# theorems"
else
  echo "STATEMENTS.txt is not what Coq prints: read the difference, then run make statements" >&2
  exit 1
fi
