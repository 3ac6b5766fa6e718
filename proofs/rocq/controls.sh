#!/bin/sh
# controls.sh FILE... : each file must fail to compile, with the error that its first
# line announces: (* EXPECTED: text *). A file that compiles, or fails otherwise, is an error.
# Where the text is that of a decision procedure, it includes the place: lra must fail
# there, on the false step, and nowhere before.
set -u
COQC=${COQC:-coqc -q -R . Trompe}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
bad=0
for file in "$@"; do
  expected=$(sed -n '1s/^(\* EXPECTED: \(.*\) \*)$/\1/p' "$file")
  if [ -z "$expected" ]; then
    echo "controls: $file: its first line announces no error" >&2; bad=1; continue
  fi
  cp "$file" "$work/"
  if $COQC "$work/$(basename "$file")" > "$work/out" 2>&1; then
    echo "controls: $file: compiled, but states something false" >&2; bad=1
  elif tr -s '[:space:]' ' ' < "$work/out" | grep -qF -- "$expected"; then
    echo "controls: $file: failed as it must ($expected)"
  else
    echo "controls: $file: expected \"$expected\", got:" >&2; cat "$work/out" >&2; bad=1
  fi
done
exit $bad
