#!/bin/sh
# selftest.sh : the gates have been seen to fail. Each planted fault must be rejected.
set -eu
export COQC="${COQC:-coqc -q -R . Trompe}"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
bad=0
must_reject() { # LABEL EXPECTED-WORDS COMMAND...
  label=$1; words=$2; shift 2
  if "$@" > "$work/out" 2>&1; then
    echo "selftest: $label: accepted" >&2; bad=1
  elif grep -qF -- "$words" "$work/out"; then
    echo "selftest: $label: rejected"
  else
    echo "selftest: $label: rejected for another reason:" >&2; cat "$work/out" >&2; bad=1
  fi
}
plant() { printf '%s\n' "$2" > "$work/$1.v"; }

plant admitted 'Theorem t : False. Proof. Admitted.'
must_reject "an Admitted in the source" "have no place" \
  env AUDIT_SOURCES="$work/admitted.v" ./audit.sh table

plant assumed 'Variable t : False.'
must_reject "a Variable outside a section" "outside a section" \
  env AUDIT_SOURCES="$work/assumed.v" ./audit.sh table

# The same faults behind the source's back: only Print Assumptions can see them.
plant Hidden 'Axiom gift : False. Theorem hidden : 1 = 2. Proof. destruct gift. Qed.'
$COQC -Q "$work" Trompe "$work/Hidden.v"
must_reject "an axiom that Print Assumptions reports" "depends on" \
  env COQC="$COQC -Q $work Trompe" AUDIT_REQUIRE=Hidden AUDIT_SOURCES=Table.v ./audit.sh hidden

plant Classic 'From Coq Require Import Classical. Theorem hidden : True \/ ~ True. Proof. apply classic. Qed.'
$COQC -Q "$work" Trompe "$work/Classic.v"
must_reject "classical logic" "depends on" \
  env COQC="$COQC -Q $work Trompe" AUDIT_REQUIRE=Classic AUDIT_SOURCES=Table.v ./audit.sh hidden

must_reject "a theorem that does not exist" "missing" ./audit.sh no_such_theorem

plant true_control '(* EXPECTED: Cannot find witness *)
Theorem t : True. Proof. exact I. Qed.'
must_reject "a control that compiles" "compiled" ./controls.sh "$work/true_control.v"

plant other_error '(* EXPECTED: Cannot find witness *)
Theorem t : False. Proof. exact I. Qed.'
must_reject "a control with another error" "expected" ./controls.sh "$work/other_error.v"
exit $bad
